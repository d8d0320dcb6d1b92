import { ArrowUp, Square } from "lucide-react";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { IconButton } from "@/components/icon-button/icon-button";
import { useFocusAtStart } from "@/lib/focus-at-start";

interface ComposerProps {
  /** Cleared when it returns true. */
  onSend: (text: string) => boolean;
  onStop: () => void;
  answering: boolean;
  disabled?: boolean;
  /** Controls at the lower left: the model and its settings. */
  children?: ReactNode;
}

export function Composer({ onSend, onStop, answering, disabled = false, children }: ComposerProps) {
  const [text, setText] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  useFocusAtStart(box);
  const send = () => {
    if (answering || disabled || text.trim() === "") return;
    if (onSend(text.trim())) setText("");
  };
  return (
    <form
      aria-label="Message"
      className="rounded-2xl border border-outline/60 bg-surface shadow-card transition-colors focus-within:border-accent"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={box}
        aria-label="Your message"
        rows={1}
        value={text}
        placeholder="Ask anything"
        className="field-sizing-content max-h-56 min-h-12 w-full resize-none bg-transparent px-4 pt-3.5 text-[0.9375rem] outline-none placeholder:text-muted"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          // While an input method composes, Enter chooses a character.
          if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <div className="flex items-center gap-1 p-2">
        <div className="flex min-w-0 grow items-center gap-1">{children}</div>
        {answering ? (
          <IconButton label="Stop" look="primary" size="icon" onClick={onStop}>
            <Square className="fill-current" />
          </IconButton>
        ) : (
          <IconButton label="Send" look="primary" size="icon" type="submit" disabled={disabled || text.trim() === ""}>
            <ArrowUp />
          </IconButton>
        )}
      </div>
    </form>
  );
}
