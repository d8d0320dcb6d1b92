import { readStored, writeStored } from "@/lib/storage";
import { createValue } from "@/lib/value";

const KEY = "atelier.token";

function stored(): string | null {
  const value = readStored(() => localStorage, KEY);
  return typeof value === "string" ? value : null;
}

/** The bearer token of this browser, or null where the gateway needs none. */
export const token = createValue<string | null>(typeof localStorage === "undefined" ? null : stored());

/** True while the gateway has refused a request for want of a token and none was given since. */
export const tokenWanted = createValue(false);

/** Keep a token for this browser; null forgets it. */
export function storeToken(value: string | null): void {
  writeStored(() => localStorage, KEY, value);
  token.set(value);
  tokenWanted.set(false);
}
