import { Plus } from "lucide-react";
import { Button } from "@/components/button/button";
import { cn } from "@/lib/cn";
import type { StudioForm } from "../use-form";
import { type Axis, axesOf, cellCount, MOST_CELLS } from "./axes";
import { AxisEditor } from "./axis-editor";
import { beginningOf, fieldsOf } from "./fields";

/** What differs from picture to picture: up to three settings, each with its values. */
export function AxesField({ form }: { form: StudioForm }) {
  const axes = axesOf(form.values.axes);
  const limit = form.mode.fields.axes?.max_items ?? 3;
  const fields = fieldsOf(form);
  const next = fields.find(({ name, missing }) => missing === undefined && !axes.some(({ field }) => field === name));
  const set = (changed: readonly Axis[]) => form.change({ axes: changed });
  const count = cellCount(axes);
  return (
    <fieldset className="grid grid-cols-1 gap-3">
      <legend className="mb-1.5 flex w-full items-center justify-between gap-2 text-[0.8125rem] font-medium">
        Axes
        <span
          role="status"
          className={cn("text-xs font-normal tabular-nums", count > MOST_CELLS ? "text-danger" : "text-muted")}
        >
          {count} of at most {MOST_CELLS} pictures
        </span>
      </legend>
      {axes.map((axis, place) => (
        <AxisEditor
          key={axis.field}
          form={form}
          axis={axis}
          place={place}
          fields={fields.map((one) => ({
            ...one,
            taken: axes.some(({ field }) => field === one.name && field !== axis.field),
          }))}
          onChange={(changed) => set(axes.map((one, at) => (at === place ? changed : one)))}
          onRemove={() => set(axes.filter((_, at) => at !== place))}
        />
      ))}
      {form.errors.axes !== undefined && (count > MOST_CELLS || axes.length === 0) && (
        <p className="text-xs text-danger">{form.errors.axes}</p>
      )}
      {axes.length < limit && next !== undefined && (
        <Button
          size="sm"
          className="justify-self-start"
          data-invalid={axes.length === 0 && form.errors.axes !== undefined ? true : undefined}
          onClick={() => set([...axes, { field: next.name, values: beginningOf(next.name, form) }])}
        >
          <Plus />
          Add an axis
        </Button>
      )}
    </fieldset>
  );
}
