import { getRouteApi } from "@tanstack/react-router";
import { Clapperboard } from "lucide-react";
import type { GenerateOptions } from "@/api/types";
import { CameraFields } from "@/studio/camera/camera-fields";
import { ModelField } from "@/studio/fields/model-field";
import { PromptFields } from "@/studio/fields/prompt-fields";
import { SamplingFields } from "@/studio/fields/sampling-fields";
import { ClipFormatField, MotionField, ShapeField, TimeFields } from "@/studio/fields/video-fields";
import { FirstResult } from "@/studio/first-result";
import { ModePage } from "@/studio/mode-page";

const route = getRouteApi("/text-to-video");
const EXAMPLES = ["a red apple on a blue background", "a rocket at night", "a butterfly at sunset"];
const MISSING = { prompt: "Say what the video should show." };

const initial = (options: GenerateOptions) => ({ model: options.models[0]?.name ?? "", aspect_ratio: "1:1" });

export default function TextToVideoPage() {
  return (
    <ModePage
      title="Text to Video"
      name="text-to-video"
      search={route.useSearch()}
      initial={initial}
      missing={MISSING}
      action={() => "Make a video"}
      essentials={(form) => (
        <>
          <PromptFields form={form} placeholder={EXAMPLES[0] ?? ""} />
          <CameraFields form={form} />
          <MotionField form={form} />
        </>
      )}
      settings={(form, lastSeed) => (
        <>
          <TimeFields form={form} />
          <ShapeField form={form} />
          <ModelField form={form} />
          <SamplingFields form={form} lastSeed={lastSeed} />
          <ClipFormatField form={form} />
        </>
      )}
      empty={(form) => (
        <FirstResult form={form} icon={Clapperboard} title="Your first video" examples={EXAMPLES}>
          Describe it, choose what the camera does and how much should change while it plays. Or begin with one of these:
        </FirstResult>
      )}
    />
  );
}
