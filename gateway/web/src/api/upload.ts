import { asProblem, problemFrom } from "./problem";
import { token, tokenWanted } from "./token";

/** Sends a file as a form and tells how much of it is on its way, 0 to 1, which `fetch` cannot. Throws `Problem`. */
export function uploadFile<T>(path: string, file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    const value = token.get();
    if (value !== null) request.setRequestHeader("Authorization", `Bearer ${value}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.total > 0 ? event.loaded / event.total : 0);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return resolve(request.response as T);
      if (request.status === 401) tokenWanted.set(true);
      reject(problemFrom(request.status, request.response, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => reject(asProblem(new TypeError("no answer")));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("files", file);
    request.send(form);
  });
}
