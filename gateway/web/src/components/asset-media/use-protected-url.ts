import { useEffect, useState } from "react";
import { send } from "@/api/http";
import { token } from "@/api/token";

/**
 * A URL an element can load. Elements cannot send a bearer token, so where one is needed the content is fetched with it
 * and handed over as an object URL; null while that is under way, and undefined when it failed.
 */
export function useProtectedUrl(url: string): string | null | undefined {
  const needed = token.use() !== null && !url.startsWith("data:");
  const [fetched, setFetched] = useState<string | null | undefined>(null);
  useEffect(() => {
    if (!needed) return;
    const controller = new AbortController();
    let made: string | null = null;
    setFetched(null);
    send(url, { signal: controller.signal })
      .then((response) => response.blob())
      .then((blob) => {
        if (controller.signal.aborted) return;
        made = URL.createObjectURL(blob);
        setFetched(made);
      })
      .catch(() => {
        if (!controller.signal.aborted) setFetched(undefined);
      });
    return () => {
      controller.abort();
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [url, needed]);
  return needed ? fetched : url;
}
