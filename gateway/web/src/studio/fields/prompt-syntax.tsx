import { CircleHelp } from "lucide-react";
import { IconButton } from "@/components/icon-button/icon-button";
import { Popover } from "@/components/popover/popover";
import type { GenerateOptions } from "@/api/types";

const SYNTAX: readonly (readonly [string, string])[] = [
  ["(apple:1.3)", "Weighs 1.3 times as much; (apple) a little more, [apple] a little less."],
  ["{red|blue}", "One of them, drawn by the picture's seed."],
  ["__colour__", "A line of a list, drawn likewise."],
  ["<lora:sepia:0.8>", "Applies a LoRA at that weight."],
  ["BREAK", "Begins a new chunk of 75 tokens."],
  ["\\(", "The bracket itself."],
];

/** What can be written in a prompt besides words. */
export function PromptSyntax({ options }: { options: GenerateOptions }) {
  return (
    <Popover
      label="What a prompt can say"
      align="end"
      trigger={
        <IconButton label="What a prompt can say">
          <CircleHelp />
        </IconButton>
      }
    >
      <h2 className="font-medium">What a prompt can say</h2>
      <dl className="mt-2 grid gap-2 text-sm">
        {SYNTAX.map(([code, meaning]) => (
          <div key={code}>
            <dt>
              <code className="rounded bg-sunken px-1 py-0.5 text-xs">{code}</code>
            </dt>
            <dd className="mt-0.5 text-muted">{meaning}</dd>
          </div>
        ))}
      </dl>
      {options.wildcards.length > 0 && (
        <p className="mt-3 text-xs text-muted wrap-anywhere">Lists: {options.wildcards.join(", ")}</p>
      )}
    </Popover>
  );
}
