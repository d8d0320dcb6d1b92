import type { Message } from "@/api/types";
import { fallback } from "./byline";

/** That another endpoint answered than was asked, and why. */
export function FallbackNote({ message }: { message: Message }) {
  const found = fallback(message);
  if (found === null) return null;
  return (
    <details className="text-xs wrap-anywhere text-warning">
      <summary className="w-fit cursor-pointer rounded">
        {message.answered_by?.endpoint} answered in place of {found.instead.join(" and ")}
      </summary>
      <ul className="mt-1 grid gap-0.5 pl-4 text-muted">
        {found.reasons.map(({ endpoint, words }, index) => (
          <li key={`${index} ${endpoint}`}>
            <span className="font-medium">{endpoint}</span> {words}
          </li>
        ))}
      </ul>
    </details>
  );
}
