/** A key no other request has. `crypto.randomUUID` would exist only on HTTPS and loopback; studios also run on plain LANs. */
export function uniqueKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
