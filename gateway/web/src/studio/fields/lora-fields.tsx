import { Plus, X } from "lucide-react";
import { Button } from "@/components/button/button";
import { IconButton } from "@/components/icon-button/icon-button";
import { NumberSlider } from "@/components/number-slider/number-slider";
import { Select } from "@/components/select/select";
import { type ChosenLora, chosenLoras, nextLora } from "../loras";
import type { StudioForm } from "../use-form";

const [LEAST, MOST] = [-4, 4];

/** The LoRAs to apply, each with how strongly it counts. */
export function LoraFields({ form }: { form: StudioForm }) {
  const offered = form.options.loras;
  const chosen = chosenLoras(form.values.loras);
  const next = nextLora(offered, chosen);
  const set = (loras: ChosenLora[]) => form.change({ loras });
  const change = (place: number, part: Partial<ChosenLora>) =>
    set(chosen.map((lora, at) => (at === place ? { ...lora, ...part } : lora)));
  if (offered.length === 0 && chosen.length === 0) return null;
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">LoRAs</legend>
      {chosen.map((lora, place) => {
        // One of another server stays in sight until it is taken out.
        const names = offered.includes(lora.model) ? offered : [...offered, lora.model];
        const said = form.problem?.field(`loras.${place}.model`) ?? form.problem?.field(`loras.${place}.weight`);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: one LoRA may stand here twice, and only its place tells which
          <div key={place} className="grid gap-2 rounded-xl border p-3">
            <div className="flex items-center gap-1">
              <Select
                aria-label={`LoRA ${place + 1}`}
                className="min-w-0 grow"
                value={lora.model}
                onChange={(model) => change(place, { model })}
                choices={names.map((name) => ({ value: name, label: name }))}
              />
              <IconButton
                label={`Take out ${lora.model}`}
                onClick={() => set(chosen.filter((_, at) => at !== place))}
              >
                <X />
              </IconButton>
            </div>
            <NumberSlider
              label={`Weight of ${lora.model}`}
              min={LEAST}
              max={MOST}
              step={0.05}
              value={lora.weight}
              onChange={(weight) => change(place, { weight })}
              error={said ?? (Number.isNaN(lora.weight) ? "Give a number." : undefined)}
            />
          </div>
        );
      })}
      {next !== undefined && (
        <Button
          size="sm"
          className="justify-self-start"
          onClick={() => set([...chosen, { model: next, weight: 1 }])}
        >
          <Plus />
          Add a LoRA
        </Button>
      )}
    </fieldset>
  );
}
