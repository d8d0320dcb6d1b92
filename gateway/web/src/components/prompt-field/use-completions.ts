import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { completionsQuery } from "@/api/queries";
import type { Completion } from "@/api/types";
import { askedText, fragment } from "./insertion";

const PAUSE_MS = 120;
const SHORTEST = 2;
const NONE: readonly Completion[] = [];

/** What the phrase at the end of `before`, the text before the caret, may become; null asks for nothing. */
export function useCompletions(before: string | null): readonly Completion[] {
  const wanted = before !== null && fragment(before).length >= SHORTEST ? askedText(before) : null;
  const [asked, setAsked] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(wanted), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  const query = useQuery({
    ...completionsQuery(asked ?? ""),
    enabled: asked !== null && wanted !== null,
    // What fitted the letters before stays in sight until it is known what fits these.
    placeholderData: (previous) => previous,
  });
  return wanted === null || asked === null ? NONE : (query.data?.items ?? NONE);
}
