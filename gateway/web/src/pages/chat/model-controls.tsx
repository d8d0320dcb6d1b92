import { useQuery } from "@tanstack/react-query";
import { Settings2 } from "lucide-react";
import { useEffect, useState } from "react";
import { endpointsQuery } from "@/api/queries";
import { Field } from "@/components/field/field";
import { IconButton } from "@/components/icon-button/icon-button";
import { Input, Textarea } from "@/components/input/input";
import { NumberSlider } from "@/components/number-slider/number-slider";
import { Popover } from "@/components/popover/popover";
import { Select } from "@/components/select/select";
import { ownModel } from "@/endpoints/standing";
import { changeChatSettings, chatSettings } from "@/lib/chat-settings";
import { modelChoices } from "./model-choices";

const ACTIVE = "(active)";

interface ModelControlsProps {
  systemPrompt: string;
  onSystemPrompt: (text: string) => void;
}

/** Which model answers, and how. */
export function ModelControls({ systemPrompt, onSystemPrompt }: ModelControlsProps) {
  const settings = chatSettings.use();
  const [system, setSystem] = useState(systemPrompt);
  useEffect(() => setSystem(systemPrompt), [systemPrompt]);
  const { data } = useQuery(endpointsQuery);
  const active = data?.items.find((endpoint) => endpoint.active);
  const others = modelChoices(data?.items ?? [], settings.model);
  return (
    <>
      <Select
        aria-label="Model"
        className="w-auto max-w-56 border-transparent bg-transparent text-muted hover:border-transparent hover:bg-hover"
        value={settings.model || ACTIVE}
        onChange={(model) => changeChatSettings({ model: model === ACTIVE ? "" : model })}
        choices={[
          { value: ACTIVE, label: (active && (ownModel(active) || active.name)) || "No model yet", note: "active" },
          ...others.map(({ model, note }) => ({ value: model, label: model, note })),
        ]}
      />
      <Popover
        align="start"
        label="Chat settings"
        trigger={
          <IconButton label="Chat settings" size="icon">
            <Settings2 />
          </IconButton>
        }
      >
        <div className="grid gap-5">
          <Field label="System prompt" hint="What the model is told before the first message of this conversation.">
            {(control) => (
              <Textarea
                {...control}
                className="max-h-48"
                placeholder="You are a helpful assistant."
                value={system}
                onChange={(event) => setSystem(event.target.value)}
                onBlur={() => system !== systemPrompt && onSystemPrompt(system)}
              />
            )}
          </Field>
          <NumberSlider
            label="Temperature"
            min={0}
            max={2}
            step={0.05}
            value={settings.temperature}
            onChange={(temperature) => changeChatSettings({ temperature })}
            hint="0 = always the likeliest word; empty = the model's own."
          />
          <Field label="Most tokens to write" hint="Empty = as many as fit.">
            {(control) => (
              <Input
                {...control}
                type="number"
                inputMode="numeric"
                min={1}
                value={Number.isNaN(settings.maxTokens) ? "" : settings.maxTokens}
                onChange={(event) => changeChatSettings({ maxTokens: event.target.valueAsNumber })}
              />
            )}
          </Field>
        </div>
      </Popover>
    </>
  );
}
