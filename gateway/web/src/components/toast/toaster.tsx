import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { Toast } from "radix-ui";
import { Button } from "@/components/button/button";
import { dismissToast, toasts } from "./toast-store";

const ICONS = { neutral: Info, success: CircleCheck, danger: CircleAlert };
const COLOURS = { neutral: "text-muted", success: "text-success", danger: "text-danger" };

export function Toaster() {
  const messages = toasts.use();
  return (
    <Toast.Provider duration={6_000} swipeDirection="right" label="Notification">
      {messages.map(({ id, tone, title, detail, action }) => {
        const Icon = ICONS[tone];
        return (
          <Toast.Root
            key={id}
            onOpenChange={(open) => !open && dismissToast(id)}
            className="pointer-events-auto flex animate-enter items-start gap-3 rounded-xl border bg-surface p-3 shadow-float data-[swipe=move]:translate-x-(--radix-toast-swipe-move-x)"
          >
            <Icon aria-hidden="true" className={`mt-0.5 size-4 shrink-0 ${COLOURS[tone]}`} />
            <div className="min-w-0 grow">
              <Toast.Title className="font-medium">{title}</Toast.Title>
              {detail && (
                <Toast.Description className="line-clamp-3 break-words text-muted">{detail}</Toast.Description>
              )}
            </div>
            {action && (
              <Toast.Action altText={action.label} asChild>
                <Button size="sm" onClick={action.run}>
                  {action.label}
                </Button>
              </Toast.Action>
            )}
            <Toast.Close aria-label="Dismiss" className="rounded p-0.5 text-muted hover:text-foreground">
              <X aria-hidden="true" className="size-4" />
            </Toast.Close>
          </Toast.Root>
        );
      })}
      <Toast.Viewport className="pointer-events-none fixed right-0 bottom-0 z-60 grid w-full max-w-sm gap-2 p-4 outline-none" />
    </Toast.Provider>
  );
}
