import { getRouteApi } from "@tanstack/react-router";
import { Brush } from "lucide-react";
import { ModelField } from "@/studio/fields/model-field";
import { NumberField } from "@/studio/fields/number-field";
import { OutputFields } from "@/studio/fields/output-fields";
import { PromptFields } from "@/studio/fields/prompt-fields";
import { SamplingFields } from "@/studio/fields/sampling-fields";
import { SwitchField } from "@/studio/fields/switch-field";
import { FirstResult } from "@/studio/first-result";
import { MaskEditor } from "@/studio/mask/mask-editor";
import { ModePage } from "@/studio/mode-page";
import { SourceField } from "@/studio/source/source-field";
import { makePictures } from "@/studio/words";

const route = getRouteApi("/inpaint");
const MASK = ["mask"];
const MISSING = {
  image: "Choose the picture to change.",
  mask: "Paint over what should be made anew.",
  prompt: "Say what should be there instead.",
};

export default function InpaintPage() {
  return (
    <ModePage
      title="Inpaint"
      name="inpaint"
      search={route.useSearch()}
      missing={MISSING}
      action={makePictures}
      stage={(form) => <MaskEditor form={form} />}
      essentials={(form) => (
        <>
          <SourceField form={form} name="image" label="Picture" clears={MASK} />
          <PromptFields form={form} placeholder="a green apple" />
          <NumberField
            form={form}
            name="strength"
            label="Strength"
            step={0.05}
            hint="How much of the masked part is made anew; 1 forgets what was there."
          />
        </>
      )}
      settings={(form, lastSeed) => (
        <>
          <NumberField form={form} name="mask_blur" label="Mask blur" hint="How softly new and old meet, in pixels." />
          <SwitchField
            form={form}
            name="only_masked"
            label="Only the masked part"
            hint="Works on it at the model's full size: finer in large pictures."
          />
          {form.flag("only_masked") && (
            <NumberField
              form={form}
              name="padding"
              label="Padding"
              hint="How much of the surroundings the model sees, in pixels."
            />
          )}
          <ModelField form={form} />
          <SamplingFields form={form} lastSeed={lastSeed} />
          <OutputFields form={form} />
        </>
      )}
      empty={(form) => (
        <FirstResult form={form} icon={Brush} title="Change a part, keep the rest">
          Choose a picture, paint over a part of it, and say what should be there instead. Everything else stays as it
          is.
        </FirstResult>
      )}
    />
  );
}
