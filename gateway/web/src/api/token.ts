const KEY = "atelier.token";

type Listener = () => void;

let token = read();
let asked = false;
const listeners = new Set<Listener>();

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function announce(): void {
  for (const listener of listeners) listener();
}

/** The bearer token of this browser, or null where the gateway needs none. */
export function currentToken(): string | null {
  return token;
}

/** Keep a token for this browser; null forgets it. */
export function storeToken(value: string | null): void {
  token = value;
  asked = false;
  try {
    if (value === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, value);
  } catch {
    // Blocked storage: the token then lasts as long as the page.
  }
  announce();
}

/** True while the gateway has refused a request for want of a token and none was given since. */
export function tokenWanted(): boolean {
  return asked;
}

/** Note that the gateway answered 401, so that the interface asks for a token. */
export function askForToken(): void {
  if (asked) return;
  asked = true;
  announce();
}

/** Stop asking; requests go on failing with 401 until a token is stored. */
export function dismissTokenQuestion(): void {
  asked = false;
  announce();
}

export function subscribeToken(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
