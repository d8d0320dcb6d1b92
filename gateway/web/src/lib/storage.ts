/** Read a JSON value kept in a browser storage; null where there is none or storage is blocked. */
export function readStored(storage: () => Storage, key: string): unknown {
  try {
    const text = storage().getItem(key);
    return text === null ? null : JSON.parse(text);
  } catch {
    // Blocked storage, or a value another version wrote: both mean there is nothing to restore.
    return null;
  }
}

/** Keep a JSON value in a browser storage; null removes it. */
export function writeStored(storage: () => Storage, key: string, value: unknown): void {
  try {
    if (value === null) storage().removeItem(key);
    else storage().setItem(key, JSON.stringify(value));
  } catch {
    // Blocked or full storage: the value then lasts as long as the page.
  }
}
