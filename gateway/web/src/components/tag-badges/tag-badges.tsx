import { Badge, type Tone } from "@/components/badge/badge";

/** Words of a person's own, each cut where it would not fit. */
export function TagBadges({ tags, tone = "neutral" }: { tags: readonly string[]; tone?: Tone }) {
  return tags.map((tag) => (
    <Badge key={tag} tone={tone} className="inline-block max-w-full truncate">
      {tag}
    </Badge>
  ));
}
