import { getRouteApi } from "@tanstack/react-router";
import { Grid3x3 } from "lucide-react";
import type { GenerateOptions } from "@/api/types";
import { AxesField } from "@/studio/grid/axes-field";
import { axesFault, axesOf, cellCount } from "@/studio/grid/axes";
import { GridResult } from "@/studio/grid/grid-result";
import { ChoiceField } from "@/studio/fields/choice-field";
import { LoraFields } from "@/studio/fields/lora-fields";
import { ModelField } from "@/studio/fields/model-field";
import { NumberField } from "@/studio/fields/number-field";
import { OutputFields } from "@/studio/fields/output-fields";
import { PromptFields } from "@/studio/fields/prompt-fields";
import { SamplingFields } from "@/studio/fields/sampling-fields";
import { SizeField } from "@/studio/fields/size-field";
import { FirstResult } from "@/studio/first-result";
import { ModePage } from "@/studio/mode-page";
import { nativeSize } from "@/studio/models";
import { SourceField } from "@/studio/source/source-field";
import type { StudioForm } from "@/studio/use-form";
import type { Errors, Values } from "@/studio/values";

const route = getRouteApi("/grid");
const EXAMPLES = ["a red apple on a blue background", "a fox in the snow"];
const MISSING = { prompt: "Say what the pictures should show." };

function initial(options: GenerateOptions): Values {
  return {
    ...nativeSize(options),
    axes: [
      { field: "steps", values: [5, 10, 20] },
      { field: "cfg_scale", values: [4, 7, 10] },
    ],
  };
}

function check(values: Values): Errors {
  const fault = axesFault(axesOf(values.axes));
  return fault === undefined ? {} : { axes: fault };
}

function action(form: StudioForm): string {
  const count = cellCount(axesOf(form.values.axes));
  return count === 0 ? "Make a grid" : `Make a grid of ${count}`;
}

export default function GridPage() {
  return (
    <ModePage
      title="Grid"
      name="grid"
      search={route.useSearch()}
      initial={initial}
      missing={MISSING}
      check={check}
      action={action}
      essentials={(form) => (
        <>
          <PromptFields form={form} placeholder={EXAMPLES[0] ?? ""} />
          <AxesField form={form} />
        </>
      )}
      settings={(form, lastSeed) => (
        <>
          <ModelField form={form} />
          <SizeField form={form} {...(form.text("image") === "" ? {} : { automatic: "As the picture" })} />
          <LoraFields form={form} />
          <SamplingFields form={form} lastSeed={lastSeed} />
          <SourceField form={form} name="image" label="Picture to begin with (optional)" />
          {form.text("image") !== "" && (
            <>
              <NumberField form={form} name="strength" label="Strength" step={0.05} hint="How much is made anew." />
              <ChoiceField form={form} name="fit" label="If the shapes differ" />
            </>
          )}
          <OutputFields form={form} />
        </>
      )}
      result={(job, onOpen) => <GridResult job={job} onOpen={onOpen} />}
      empty={(form) => (
        <FirstResult form={form} icon={Grid3x3} title="See what a setting does" examples={EXAMPLES}>
          Choose up to three settings and their values. Every combination becomes a picture, and all of them one labelled
          sheet.
        </FirstResult>
      )}
    />
  );
}
