import { useNavigate } from "@tanstack/react-router";
import { ArrowRight, Image, MessageSquare } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { IconButton } from "@/components/icon-button/icon-button";

const KINDS = {
  picture: {
    icon: Image,
    label: "A picture",
    placeholder: "a penguin in the snow",
    action: "Set up the picture",
  },
  chat: { icon: MessageSquare, label: "An answer", placeholder: "Why is the sky blue?", action: "Ask" },
};

/** One line that leads to where the work is done. */
export function QuickPrompt({ kind }: { kind: keyof typeof KINDS }) {
  const { icon: Icon, label, placeholder, action } = KINDS[kind];
  const navigate = useNavigate();
  const id = useId();
  const [text, setText] = useState("");
  const go = (event: FormEvent) => {
    event.preventDefault();
    const prompt = text.trim();
    const search = prompt === "" ? {} : { prompt };
    void navigate(kind === "chat" ? { to: "/chat", search } : { to: "/text-to-image", search });
  };
  return (
    <form
      onSubmit={go}
      className="grid gap-3 rounded-2xl border bg-surface p-5 shadow-card transition-colors focus-within:border-accent"
    >
      <label htmlFor={id} className="flex items-center gap-2 font-semibold">
        <Icon aria-hidden="true" className="size-4 text-accent" />
        {label}
      </label>
      <div className="flex items-center gap-2">
        <input
          id={id}
          value={text}
          placeholder={placeholder}
          autoComplete="off"
          className="h-10 min-w-0 grow bg-transparent text-lg outline-none placeholder:text-muted"
          onChange={(event) => setText(event.target.value)}
        />
        <IconButton label={action} type="submit" look="primary" size="icon">
          <ArrowRight />
        </IconButton>
      </div>
    </form>
  );
}
