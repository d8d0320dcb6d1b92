import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/button/button";
import { dismissToast, type ToastMessage, toasts } from "./toast-store";

const ICONS = { neutral: Info, success: CircleCheck, danger: CircleAlert };
const COLOURS = { neutral: "text-muted", success: "text-success", danger: "text-danger" };
const LASTS_MS = 6_000;

function Message({ message: { id, tone, title, detail, action } }: { message: ToastMessage }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    // Nobody should have to hurry to read it or to reach its button.
    if (held) return;
    const timer = setTimeout(() => dismissToast(id), LASTS_MS);
    return () => clearTimeout(timer);
  }, [held, id]);
  const Icon = ICONS[tone];
  return (
    <li
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-auto flex animate-enter items-start gap-3 rounded-xl border bg-surface p-3 shadow-float"
    >
      <Icon aria-hidden="true" className={`mt-0.5 size-4 shrink-0 ${COLOURS[tone]}`} />
      <div className="min-w-0 grow">
        <p className="font-medium">{title}</p>
        {detail && <p className="line-clamp-3 break-words text-muted">{detail}</p>}
      </div>
      {action && (
        <Button
          size="sm"
          onClick={() => {
            dismissToast(id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <button
        type="button"
        aria-label="Dismiss"
        className="rounded p-0.5 text-muted hover:text-foreground"
        onClick={() => dismissToast(id)}
      >
        <X aria-hidden="true" className="size-4" />
      </button>
    </li>
  );
}

/**
 * Short messages at the edge of the screen: below on a desktop, above on a phone, where the way on is below. They take
 * neither the focus nor the Escape key from what is open, and dialogs stay open when they are clicked (`outside.ts`).
 */
export function Toaster() {
  const messages = toasts.use();
  return (
    <section
      data-toasts=""
      aria-label="Notifications"
      aria-live="polite"
      className="pointer-events-none fixed right-0 z-60 w-full max-w-sm p-4 max-sm:top-12 sm:bottom-0"
    >
      <ol className="grid gap-2">
        {messages.map((message) => (
          <Message key={message.id} message={message} />
        ))}
      </ol>
    </section>
  );
}
