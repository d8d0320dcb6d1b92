import {
  type CompositionEvent,
  type KeyboardEvent,
  type Ref,
  useId,
  useImperativeHandle,
  useRef,
  useState,
} from "react";
import type { Completion } from "@/api/types";
import type { FieldControl } from "@/components/field/field";
import { Textarea } from "@/components/input/input";
import { useFocusAtStart } from "@/lib/focus-at-start";
import { CompletionList, optionId } from "./completion-list";
import { adding, completing, type Insertion } from "./insertion";
import { useCompletions } from "./use-completions";

export interface PromptTextHandle {
  /** Put words in at the caret, or at the end where it never was. */
  add: (phrase: string) => void;
}

interface PromptTextProps {
  control: FieldControl;
  value: string;
  onChange: (value: string) => void;
  placeholder: string;
  ref: Ref<PromptTextHandle>;
  /** The keyboard starts here when the page appears. */
  first: boolean;
}

/**
 * A prompt that completes its phrases. The keyboard stays in the text and the arrows walk through a list beside it (ARIA's
 * combobox pattern; a text of several lines may not have that role, so the list is told of by `aria-controls` and
 * `aria-activedescendant` alone). Nothing is marked at first: Enter and Tab do what they always do until an arrow chose.
 */
export function PromptText({ control, value, onChange, placeholder, ref, first }: PromptTextProps) {
  const id = useId();
  const text = useRef<HTMLTextAreaElement>(null);
  useFocusAtStart(text, first);
  const [before, setBefore] = useState<string | null>(null);
  const [active, setActive] = useState(-1);
  const items = useCompletions(before);
  const open = before !== null && items.length > 0;
  const marked = open ? items[active] : undefined;

  const close = () => {
    setBefore(null);
    setActive(-1);
  };
  const put = (make: (text: string, caret: number) => Insertion) => {
    const element = text.current;
    if (element === null) return;
    const { from, to, words } = make(element.value, element.selectionStart);
    element.focus();
    element.setSelectionRange(from, to);
    // The only way to change a text that the browser's own undo knows of; it tells `onChange` like typing does.
    if (!document.execCommand("insertText", false, words)) {
      element.setRangeText(words, from, to, "end");
      onChange(element.value);
    }
    close();
  };
  const choose = (item: Completion) => put((whole, caret) => completing(whole, caret, item.text));
  useImperativeHandle(ref, () => ({
    add: (phrase) => put((whole, caret) => adding(whole, caret, phrase)),
  }));

  const onKeyDown = (event: KeyboardEvent) => {
    // An input method uses these keys itself.
    if (!open || event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place more than there are items: none of them.
      setActive((now) => ((now + 1 + step + items.length + 1) % (items.length + 1)) - 1);
    } else if (event.key === "Escape") close();
    else if ((event.key === "Enter" || event.key === "Tab") && marked && !event.ctrlKey && !event.metaKey) {
      choose(marked);
    } else return;
    event.preventDefault();
    // Escape closes the list, not what the form is in.
    event.stopPropagation();
  };
  const typed = (element: HTMLTextAreaElement) => {
    setActive(-1);
    setBefore(element.selectionStart === element.selectionEnd ? element.value.slice(0, element.selectionStart) : null);
  };
  return (
    <div className="relative">
      <Textarea
        {...control}
        ref={text}
        aria-autocomplete="list"
        aria-controls={open ? id : undefined}
        aria-activedescendant={marked ? optionId(id, active) : undefined}
        className="max-h-72 min-h-28 text-[0.9375rem]"
        placeholder={placeholder}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
          if (event.nativeEvent instanceof InputEvent && event.nativeEvent.isComposing) close();
          else typed(event.target);
        }}
        onCompositionEnd={(event: CompositionEvent<HTMLTextAreaElement>) => typed(event.currentTarget)}
        onKeyDown={onKeyDown}
        onSelect={(event) => {
          // The caret went elsewhere.
          if (before !== null && event.currentTarget.selectionStart !== before.length) close();
        }}
        onBlur={close}
      />
      {open && <CompletionList id={id} items={items} active={active} onChoose={choose} />}
      <p role="status" className="sr-only">
        {open ? `${items.length} ${items.length === 1 ? "suggestion" : "suggestions"}; choose with the arrow keys` : ""}
      </p>
    </div>
  );
}
