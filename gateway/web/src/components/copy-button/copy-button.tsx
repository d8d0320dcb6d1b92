import { Check, Copy } from "lucide-react";
import { type ComponentProps, useEffect, useState } from "react";
import { IconButton } from "@/components/icon-button/icon-button";
import { toast } from "@/components/toast/toast-store";

interface CopyButtonProps extends Omit<ComponentProps<typeof IconButton>, "label"> {
  text: string;
  label?: string;
}

export function CopyButton({ text, label = "Copy", ...rest }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_600);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      toast({
        tone: "danger",
        title: "The browser did not allow copying",
        detail: "Select the text and copy it by hand.",
      });
    }
  };
  return (
    <IconButton label={copied ? "Copied" : label} onClick={() => void copy()} {...rest}>
      {copied ? <Check className="text-success" /> : <Copy />}
    </IconButton>
  );
}
