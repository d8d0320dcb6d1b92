import { Switch } from "@/components/switch/switch";
import type { StudioForm } from "../use-form";

interface SwitchFieldProps {
  form: StudioForm;
  name: string;
  label: string;
  hint?: string;
}

/** A field that is true or false. */
export function SwitchField({ form, name, label, hint }: SwitchFieldProps) {
  return (
    <div className="flex items-start justify-between gap-3">
      <div className="min-w-0">
        <p className="text-[0.8125rem] font-medium">{label}</p>
        {hint && <p className="mt-0.5 text-xs text-muted">{hint}</p>}
      </div>
      <Switch label={label} checked={form.flag(name)} onChange={(checked) => form.change({ [name]: checked })} />
    </div>
  );
}
