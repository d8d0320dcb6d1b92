import { getRouteApi } from "@tanstack/react-router";
import { Images } from "lucide-react";
import { ChoiceField } from "@/studio/fields/choice-field";
import { ModelField } from "@/studio/fields/model-field";
import { NumberField } from "@/studio/fields/number-field";
import { OutputFields } from "@/studio/fields/output-fields";
import { PromptFields } from "@/studio/fields/prompt-fields";
import { SamplingFields } from "@/studio/fields/sampling-fields";
import { SizeField } from "@/studio/fields/size-field";
import { FirstResult } from "@/studio/first-result";
import { ModePage } from "@/studio/mode-page";
import { SourceField } from "@/studio/source/source-field";
import { makePictures } from "@/studio/words";

const route = getRouteApi("/image-to-image");
const MISSING = {
  image: "Choose a picture to begin with.",
  prompt: "Say what the new picture should show.",
};

export default function ImageToImagePage() {
  return (
    <ModePage
      title="Image to Image"
      name="image-to-image"
      search={route.useSearch()}
      missing={MISSING}
      action={makePictures}
      essentials={(form) => (
        <>
          <SourceField form={form} name="image" label="Picture" />
          <PromptFields form={form} placeholder="the same apple, in the snow" />
          <NumberField
            form={form}
            name="strength"
            label="Strength"
            step={0.05}
            hint="How much is made anew: 0.2 stays close, 0.9 goes far."
          />
        </>
      )}
      settings={(form, lastSeed) => (
        <>
          <ModelField form={form} />
          <SizeField form={form} automatic="As the picture" />
          <ChoiceField form={form} name="fit" label="If the shapes differ" />
          <SamplingFields form={form} lastSeed={lastSeed} />
          <OutputFields form={form} />
        </>
      )}
      empty={(form) => (
        <FirstResult form={form} icon={Images} title="A picture from a picture">
          Choose a picture, say what it should become, and set how far it may go from where it began.
        </FirstResult>
      )}
    />
  );
}
