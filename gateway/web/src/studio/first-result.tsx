import { ImagePlus, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/button/button";
import { EmptyState } from "@/components/empty-state/empty-state";
import type { StudioForm } from "./use-form";

interface FirstResultProps {
  form: StudioForm;
  title: string;
  icon?: LucideIcon;
  /** Prompts to begin with. */
  examples?: readonly string[];
  children: ReactNode;
}

/** Stands where results will be, and shows how to get the first one. */
export function FirstResult({ form, title, icon = ImagePlus, examples = [], children }: FirstResultProps) {
  return (
    <EmptyState
      icon={icon}
      title={title}
      action={examples.map((prompt) => (
        <Button key={prompt} size="sm" onClick={() => form.change({ prompt })}>
          {prompt}
        </Button>
      ))}
    >
      {children}
    </EmptyState>
  );
}
