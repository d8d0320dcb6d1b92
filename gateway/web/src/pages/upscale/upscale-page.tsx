import { getRouteApi } from "@tanstack/react-router";
import { Scaling } from "lucide-react";
import { ChoiceField } from "@/studio/fields/choice-field";
import { FirstResult } from "@/studio/first-result";
import { ModePage } from "@/studio/mode-page";
import { SourceField } from "@/studio/source/source-field";
import type { StudioForm } from "@/studio/use-form";
import { ScaleField } from "./scale-field";
import { TileField } from "./tile-field";
import { UpscaleResult } from "./upscale-result";
import { FaceField, UpscalerField } from "./upscaler-field";

const route = getRouteApi("/upscale");
const MISSING = {};

function action(form: StudioForm): string {
  return `Make it ${["", "", "twice", "three times", "four times"][form.number("scale")] ?? ""} as large`;
}

export default function UpscalePage() {
  return (
    <ModePage
      title="Upscale"
      name="upscale"
      search={route.useSearch()}
      missing={MISSING}
      action={action}
      essentials={(form) => (
        <>
          <SourceField form={form} name="image" videoName="video" label="Picture or video" />
          <ScaleField form={form} />
        </>
      )}
      settings={(form) => (
        <>
          <UpscalerField form={form} />
          <FaceField form={form} />
          {form.text("video") === "" && (
            <ChoiceField
              form={form}
              name="format"
              label="Format"
              choices={(form.mode.fields.format?.choices ?? []).map(({ name }) => ({ name, label: name.toUpperCase() }))}
            />
          )}
          <TileField form={form} />
        </>
      )}
      result={(job, onOpen) => <UpscaleResult job={job} onOpen={onOpen} />}
      empty={(form) => (
        <FirstResult form={form} icon={Scaling} title="Larger, and sharp">
          Choose a picture or a video and how many times as large it should be. You will compare before and after with a
          line you drag.
        </FirstResult>
      )}
    />
  );
}
