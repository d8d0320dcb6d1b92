import { getRouteApi } from "@tanstack/react-router";
import { Film } from "lucide-react";
import type { GenerateOptions } from "@/api/types";
import { CameraFields } from "@/studio/camera/camera-fields";
import { ChoiceField } from "@/studio/fields/choice-field";
import { ModelField } from "@/studio/fields/model-field";
import { PromptFields } from "@/studio/fields/prompt-fields";
import { SamplingFields } from "@/studio/fields/sampling-fields";
import { ClipFormatField, MotionField, ShapeField, TimeFields } from "@/studio/fields/video-fields";
import { FirstResult } from "@/studio/first-result";
import { ModePage } from "@/studio/mode-page";
import { SourceField } from "@/studio/source/source-field";

const route = getRouteApi("/image-to-video");
const MISSING = { image: "Choose a picture to begin with." };
// A camera that stands still over a still makes a video nobody needs.
const initial = (options: GenerateOptions) => ({
  model: options.models[0]?.name ?? "",
  camera: { move: "zoom_in", intensity: 0.5 },
});

export default function ImageToVideoPage() {
  return (
    <ModePage
      title="Image to Video"
      name="image-to-video"
      search={route.useSearch()}
      initial={initial}
      missing={MISSING}
      action={() => "Make a video"}
      essentials={(form) => (
        <>
          <SourceField form={form} name="image" label="Picture" />
          <CameraFields form={form} />
          <MotionField form={form} />
        </>
      )}
      settings={(form, lastSeed) => (
        <>
          <TimeFields form={form} />
          <ShapeField form={form} automatic="As the picture" />
          <ChoiceField form={form} name="fit" label="If the shapes differ" />
          <PromptFields form={form} placeholder="What changes in it" />
          <ModelField form={form} />
          <SamplingFields form={form} lastSeed={lastSeed} />
          <ClipFormatField form={form} />
        </>
      )}
      empty={(form) => (
        <FirstResult form={form} icon={Film} title="A picture in motion">
          Choose a picture and what the camera does over it. With some motion it also changes while it plays.
        </FirstResult>
      )}
    />
  );
}
