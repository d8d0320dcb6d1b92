import { asProblem, problemFrom } from "./problem";
import { token, tokenWanted } from "./token";

/** Headers that carry this browser's token; empty where the gateway needs none. */
export function authorization(): Record<string, string> {
  const value = token.get();
  return value === null ? {} : { Authorization: `Bearer ${value}` };
}

/** `fetch` with the token, whose failures, the network's included, are thrown as `Problem`. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      headers: { ...authorization(), ...(init.headers as Record<string, string>) },
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw asProblem(error);
  }
  if (response.ok) return response;
  if (response.status === 401) tokenWanted.set(true);
  const body: unknown = await response.json().catch(() => null);
  throw problemFrom(response.status, body, response.headers.get("Retry-After"));
}
