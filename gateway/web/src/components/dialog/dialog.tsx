import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode, RefObject } from "react";
import { IconButton } from "@/components/icon-button/icon-button";
import { cn } from "@/lib/cn";
import { focusLayer } from "./focus";
import { ignoreToasts } from "./outside";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
  /** A sheet comes in from the side over the full height. */
  side?: "centre" | "right" | "left";
  className?: string;
  /** Where the keyboard goes on afterwards; otherwise where it was before. */
  focusAfter?: RefObject<HTMLElement | null>;
}

const PLACES = {
  centre: "top-1/2 left-1/2 max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-md -translate-1/2 rounded-2xl border",
  right: "inset-y-0 right-0 w-full max-w-lg animate-slide-left border-l",
  left: "inset-y-0 left-0 w-72 max-w-[85vw] animate-slide-right border-r",
};

export function Dialog(props: DialogProps) {
  const { open, onOpenChange, title, description, children, side = "centre", className, focusAfter } = props;
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/40 backdrop-blur-[2px]" />
        <Radix.Content
          onOpenAutoFocus={focusLayer}
          onInteractOutside={ignoreToasts}
          onCloseAutoFocus={(event) => {
            if (!focusAfter?.current) return;
            event.preventDefault();
            focusAfter.current.focus();
          }}
          {...(description ? {} : { "aria-describedby": undefined })}
          className={cn(
            "fixed z-50 flex flex-col overflow-hidden bg-surface shadow-float outline-none",
            PLACES[side],
            className,
          )}
        >
          <header className="flex items-start gap-3 px-5 pt-4 pb-3">
            <div className="min-w-0 grow">
              <Radix.Title className="text-base font-semibold wrap-anywhere">{title}</Radix.Title>
              {description && <Radix.Description className="mt-1 text-sm text-muted">{description}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <IconButton label="Close" className="-mr-2">
                <X />
              </IconButton>
            </Radix.Close>
          </header>
          <div className="relative min-h-0 grow overflow-y-auto px-5 pb-5">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
