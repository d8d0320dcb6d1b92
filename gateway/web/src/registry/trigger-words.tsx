import { toast } from "@/components/toast/toast-store";

/** The words that call up what a model was trained on; a click copies one. */
export function TriggerWords({ words }: { words: readonly string[] }) {
  if (words.length === 0) return null;
  const copy = async (word: string) => {
    try {
      await navigator.clipboard.writeText(word);
      toast({ tone: "success", title: `“${word}” copied` });
    } catch {
      toast({ tone: "danger", title: "The browser did not allow copying" });
    }
  };
  return (
    <ul aria-label="Trigger words" className="flex flex-wrap gap-1">
      {words.map((word) => (
        <li key={word} className="min-w-0">
          <button
            type="button"
            title="Copy"
            aria-label={`Copy ${word}`}
            className="max-w-full truncate rounded-full border px-2 py-0.5 text-xs hover:bg-hover"
            onClick={() => void copy(word)}
          >
            {word}
          </button>
        </li>
      ))}
    </ul>
  );
}
