import { CircleAlert } from "lucide-react";
import { type ReactNode, useId } from "react";
import { cn } from "@/lib/cn";

/** What a control inside a field must carry to be labelled and described. */
export interface FieldControl {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  /** Shown at the right end of the label's line. */
  action?: ReactNode;
  className?: string;
  children: (control: FieldControl) => ReactNode;
}

export function Field({ label, hint, error, action, className, children }: FieldProps) {
  const id = useId();
  const note = `${id}-note`;
  const described = error || hint ? note : undefined;
  return (
    <div className={cn("grid min-w-0 grid-cols-1 content-start gap-1.5", className)}>
      <div className="flex min-h-6 items-center justify-between gap-2">
        <label htmlFor={id} className="min-w-0 text-[0.8125rem] font-medium wrap-anywhere">
          {label}
        </label>
        {action}
      </div>
      {children({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined })}
      {error ? (
        <p id={note} className="flex items-start gap-1.5 text-xs text-danger">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-3 shrink-0" />
          {error}
        </p>
      ) : (
        hint && (
          <p id={note} className="text-xs wrap-anywhere text-muted">
            {hint}
          </p>
        )
      )}
    </div>
  );
}
