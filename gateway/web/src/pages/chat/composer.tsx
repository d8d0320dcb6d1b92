import { ArrowUp, BookText, Paperclip, Square } from "lucide-react";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { IconButton } from "@/components/icon-button/icon-button";
import { cn } from "@/lib/cn";
import { useFocusAtStart } from "@/lib/focus-at-start";
import { useFileDrop } from "@/lib/use-file-drop";
import { AttachmentChips } from "./attachment-chips";
import { PromptPicker } from "./prompt-picker";
import { useAttachments } from "./use-attachments";

interface ComposerProps {
  initialText?: string;
  /** Given the ids of the assets that go with it. Cleared when it returns true. */
  onSend: (text: string, attachments: string[]) => boolean;
  onStop: () => void;
  /** A template for what the model is told before the conversation was chosen and filled. */
  onSystemPrompt: (text: string) => void;
  answering: boolean;
  disabled?: boolean;
  /** Controls at the lower left: the model and its settings. */
  children?: ReactNode;
}

export function Composer(props: ComposerProps) {
  const { initialText = "", onSend, onStop, onSystemPrompt, answering, disabled = false, children } = props;
  const [text, setText] = useState(initialText);
  const [picking, setPicking] = useState(false);
  const attachments = useAttachments();
  const drop = useFileDrop(attachments.add);
  const box = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  useFocusAtStart(box);
  const ready = !disabled && !attachments.uploading && text.trim() !== "";
  const send = () => {
    if (answering || !ready) return;
    if (!onSend(text.trim(), attachments.chips.flatMap((chip) => chip.assetId ?? []))) return;
    setText("");
    attachments.clear();
  };
  const insert = (words: string) => {
    const start = box.current?.selectionStart ?? text.length;
    const end = box.current?.selectionEnd ?? start;
    setText(text.slice(0, start) + words + text.slice(end));
  };
  return (
    <>
      <form
        aria-label="Message"
        className={cn(
          "rounded-2xl border border-outline/60 bg-surface shadow-card transition-colors focus-within:border-accent",
          drop.over && "border-accent bg-accent-soft",
        )}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          send();
        }}
        {...drop.handlers}
      >
        <AttachmentChips {...attachments} />
        <textarea
          ref={box}
          aria-label="Your message"
          rows={1}
          value={text}
          placeholder="Ask anything"
          className="field-sizing-content max-h-56 min-h-12 w-full resize-none bg-transparent px-4 pt-3.5 text-[0.9375rem] outline-none placeholder:text-muted"
          onChange={(event) => setText(event.target.value)}
          onPaste={(event) => {
            const pasted = [...event.clipboardData.files];
            // Office programs put a picture of the text beside the text.
            if (pasted.length === 0 || event.clipboardData.types.includes("text/plain")) return;
            event.preventDefault();
            attachments.add(pasted);
          }}
          onKeyDown={(event) => {
            // While an input method composes, Enter chooses a character.
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <div className="flex items-center gap-1 p-2">
          <input
            ref={files}
            type="file"
            multiple
            hidden
            aria-label="Files to attach"
            onChange={(event) => {
              attachments.add([...(event.target.files ?? [])]);
              event.target.value = "";
            }}
          />
          <IconButton label="Attach files" size="icon" onClick={() => files.current?.click()}>
            <Paperclip />
          </IconButton>
          <IconButton label="Prompts" size="icon" onClick={() => setPicking(true)}>
            <BookText />
          </IconButton>
          <div className="flex min-w-0 grow items-center gap-1">{children}</div>
          {/* Keys: were it the same button, it would submit by the end of the click that stops. */}
          {answering ? (
            <IconButton key="stop" label="Stop" look="primary" size="icon" onClick={onStop}>
              <Square className="fill-current" />
            </IconButton>
          ) : (
            <IconButton key="send" label="Send" look="primary" size="icon" type="submit" disabled={!ready}>
              <ArrowUp />
            </IconButton>
          )}
        </div>
      </form>
      {/* Not in the form: what is submitted in a layer counts as submitted around it. */}
      <PromptPicker
        open={picking}
        onOpenChange={setPicking}
        onText={insert}
        onSystemPrompt={onSystemPrompt}
        focusAfter={box}
      />
    </>
  );
}
