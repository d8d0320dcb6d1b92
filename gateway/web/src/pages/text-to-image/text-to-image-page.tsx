import { getRouteApi } from "@tanstack/react-router";
import { ModelField } from "@/studio/fields/model-field";
import { OutputFields } from "@/studio/fields/output-fields";
import { PromptFields } from "@/studio/fields/prompt-fields";
import { SamplingFields } from "@/studio/fields/sampling-fields";
import { SizeField } from "@/studio/fields/size-field";
import { FirstResult } from "@/studio/first-result";
import { ModePage } from "@/studio/mode-page";
import { nativeSize } from "@/studio/models";
import { makePictures } from "@/studio/words";

const route = getRouteApi("/text-to-image");
const EXAMPLES = ["a red apple on a blue background", "a fox in the snow", "a butterfly at sunset"];
const MISSING = { prompt: "Say what the picture should show." };

export default function TextToImagePage() {
  return (
    <ModePage
      title="Text to Image"
      name="text-to-image"
      search={route.useSearch()}
      initial={nativeSize}
      missing={MISSING}
      action={makePictures}
      essentials={(form) => <PromptFields form={form} placeholder={EXAMPLES[0] ?? ""} />}
      settings={(form, lastSeed) => (
        <>
          <ModelField form={form} />
          <SizeField form={form} />
          <SamplingFields form={form} lastSeed={lastSeed} />
          <OutputFields form={form} />
        </>
      )}
      empty={(form) => (
        <FirstResult form={form} title="Your first picture" examples={EXAMPLES}>
          Describe it on the left and press <kbd className="rounded border px-1 font-sans text-xs">Ctrl Enter</kbd>. You
          will watch it come out of the noise. Or begin with one of these:
        </FirstResult>
      )}
    />
  );
}
