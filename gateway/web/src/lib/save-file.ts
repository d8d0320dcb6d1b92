// The browser reads the file after the click; how long that takes it does not say.
const KEPT_MS = 30_000;

/** Save a file on the user's machine. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
