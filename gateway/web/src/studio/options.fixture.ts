import type { FieldLimit, GenerateMode, GenerateOptions } from "@/api/types";

const text = (more: Partial<FieldLimit> = {}): FieldLimit => ({ type: "string", required: false, default: "", ...more });
const whole = (more: Partial<FieldLimit>): FieldLimit => ({ type: "integer", required: false, ...more });
const side = whole({ minimum: 64, maximum: 4096, multiple_of: 8 });

const fields: GenerateMode["fields"] = {
  prompt: { type: "string", required: true, max_length: 20 },
  negative_prompt: text(),
  model: text({ choices: [{ name: "starter", label: "starter" }] }),
  width: side,
  height: side,
  steps: whole({ minimum: 1, maximum: 150, default: 20 }),
  cfg_scale: { type: "number", required: false, minimum: 0, maximum: 30, default: 7 },
  count: whole({ minimum: 1, maximum: 16, default: 1 }),
  seed: whole({ minimum: -1, maximum: 4294967295, default: -1 }),
  sampler: text({
    default: "dpmpp_2m",
    choices: [
      { name: "dpmpp_2m", label: "DPM++ 2M" },
      { name: "euler", label: "Euler" },
    ],
  }),
  fresh: { type: "boolean", required: false, default: false },
};

/** A server with one model of 256 pixels and one mode. */
export const options: GenerateOptions = {
  available: true,
  models: [{ name: "starter", status: "loaded", native_size: 256, hash: "", source: "", device: "cpu", error: "" }],
  samplers: fields.sampler?.choices ?? [],
  sizes: [
    { label: "Square", width: 256, height: 256 },
    { label: "Portrait 2:3", width: 208, height: 312 },
  ],
  formats: ["png", "webp"],
  shapes: [],
  limits: fields,
  upscalers: [],
  face_restoration: false,
  modes: [{ name: "text-to-image", kind: "diffusion.text_to_image", label: "Make pictures", fields }],
};
