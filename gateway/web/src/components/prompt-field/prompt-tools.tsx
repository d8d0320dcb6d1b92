import { useMutation } from "@tanstack/react-query";
import { Dices, Sparkle } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import type { Enhanced } from "@/api/types";
import { Button } from "@/components/button/button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/menu/menu";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import type { PresetKind } from "@/presets/preset";
import { type Change, ChangeNotice } from "./change-notice";

interface PromptToolsProps {
  value: string;
  onChange: (value: string) => void;
  kind: PresetKind;
}

function by(made: Enhanced): string {
  return made.by === "rules" ? "Enhanced by rules" : `Enhanced by ${made.model_used || "the language model"}`;
}

/** Makes more of a prompt, or one out of nothing; either can be taken back. */
export function PromptTools({ value, onChange, kind }: PromptToolsProps) {
  const [change, setChange] = useState<Change | null>(null);
  const done = (before: string, after: string, what: string) => {
    setChange({ before, after, what });
    if (after !== before) onChange(after);
  };
  const enhance = useMutation({
    mutationFn: (way: "rules" | "model") => api.enhancePrompt({ prompt: value, by: way, kind }),
    onSuccess: (made) => done(value, made.prompt, by(made)),
  });
  const random = useMutation({
    mutationFn: () => api.randomPrompts(kind, 1),
    onSuccess: (made) => done(value, made.items[0]?.prompt ?? value, "A random prompt"),
  });
  const error = enhance.error ?? random.error;
  const empty = value.trim() === "";
  const begin = () => {
    setChange(null);
    enhance.reset();
    random.reset();
  };
  // What one types afterwards belongs to the prompt: going back would take that too.
  const shown = change !== null && value === change.after ? change : null;
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <Menu>
          <MenuTrigger>
            <Button size="sm" busy={enhance.isPending} disabled={empty} title={empty ? "Write a prompt first" : undefined}>
              {!enhance.isPending && <Sparkle />}
              Enhance
            </Button>
          </MenuTrigger>
          <MenuContent align="start">
            <MenuItem
              onSelect={() => {
                begin();
                enhance.mutate("rules");
              }}
            >
              Add what is missing
            </MenuItem>
            <MenuItem
              onSelect={() => {
                begin();
                enhance.mutate("model");
              }}
            >
              Ask the language model
            </MenuItem>
          </MenuContent>
        </Menu>
        <Button
          size="sm"
          busy={random.isPending}
          onClick={() => {
            begin();
            random.mutate();
          }}
        >
          {!random.isPending && <Dices />}
          Random
        </Button>
      </div>
      {error !== null && <ProblemNotice error={error} />}
      {shown !== null && (
        <ChangeNotice
          change={shown}
          onUndo={() => {
            setChange(null);
            onChange(shown.before);
          }}
          onDismiss={() => setChange(null)}
        />
      )}
    </>
  );
}
