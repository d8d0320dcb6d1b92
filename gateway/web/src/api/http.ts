import { asProblem, problemFrom } from "./problem";
import { token, tokenWanted } from "./token";

/** `fetch` with this browser's token, whose failures, the network's included, are thrown as `Problem`. */
export async function send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const value = token.get();
  if (value !== null) request.headers.set("Authorization", `Bearer ${value}`);
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw asProblem(error);
  }
  if (response.ok) return response;
  if (response.status === 401) tokenWanted.set(true);
  const body: unknown = await response.json().catch(() => null);
  throw problemFrom(response.status, body, response.headers.get("Retry-After"));
}
