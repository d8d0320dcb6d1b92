import type { Attempt } from "@/api/types";
import { fallbackOf } from "@/endpoints/attempts";
import { AttemptList } from "./attempt-list";

interface FallbackNoteProps {
  /** Who answered; empty = nobody did. */
  endpoint: string;
  attempts: readonly Attempt[];
}

/** That another endpoint answered than was asked, and why. */
export function FallbackNote({ endpoint, attempts }: FallbackNoteProps) {
  const found = endpoint === "" ? null : fallbackOf(endpoint, attempts);
  if (found === null) return null;
  return (
    <details className="text-xs wrap-anywhere text-warning">
      <summary className="w-fit cursor-pointer rounded">
        {endpoint} answered in place of {found.instead.join(" and ")}
      </summary>
      <AttemptList reasons={found.reasons} className="text-muted" />
    </details>
  );
}
