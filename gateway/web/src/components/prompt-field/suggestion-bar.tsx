import { useQuery } from "@tanstack/react-query";
import { suggestionCategoriesQuery, suggestionsQuery } from "@/api/queries";
import { Button } from "@/components/button/button";
import { Popover } from "@/components/popover/popover";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import type { PresetKind } from "@/presets/preset";

interface SuggestionsProps {
  category: string;
  kind: PresetKind;
  onChoose: (text: string) => void;
}

function Suggestions({ category, kind, onChoose }: SuggestionsProps) {
  const query = useQuery(suggestionsQuery(category));
  if (query.isError) return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton className="h-40" />;
  return (
    <ul className="grid gap-0.5">
      {query.data
        .filter((one) => one.kind === null || one.kind === kind)
        .map((one) => (
          <li key={one.text}>
            <button
              type="button"
              className="w-full rounded-lg px-2.5 py-1.5 text-left hover:bg-hover"
              onClick={() => onChoose(one.text)}
            >
              <span className="font-medium">{one.text}</span>{" "}
              <span className="block text-xs text-muted">{one.description}</span>
            </button>
          </li>
        ))}
    </ul>
  );
}

interface SuggestionBarProps {
  kind: PresetKind;
  onChoose: (text: string) => void;
}

/** The sides of a picture; each opens words for it that go in at the caret. */
export function SuggestionBar({ kind, onChoose }: SuggestionBarProps) {
  const query = useQuery(suggestionCategoriesQuery);
  if (query.isError) return null;
  return (
    <div role="group" aria-label="Words to add" className="flex flex-wrap gap-1">
      {query.data === undefined && <Skeleton className="h-7 w-full rounded-full" />}
      {query.data?.map(({ name, label, description }) => (
        <Popover
          key={name}
          label={label}
          align="start"
          className="w-64 p-1.5"
          trigger={
            <Button size="sm" className="h-7 rounded-full px-2.5 text-xs" title={description}>
              {label}
            </Button>
          }
        >
          <Suggestions category={name} kind={kind} onChoose={onChoose} />
        </Popover>
      ))}
    </div>
  );
}
