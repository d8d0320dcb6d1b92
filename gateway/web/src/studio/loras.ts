/** LoRAs as a form holds them. */
export interface ChosenLora {
  model: string;
  weight: number;
}

/** The LoRAs in a form's value; what a draft or another server's job carries may be anything. */
export function chosenLoras(value: unknown): ChosenLora[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null || !("model" in item) || typeof item.model !== "string") return [];
    const weight = "weight" in item && typeof item.weight === "number" ? item.weight : 1;
    return [{ model: item.model, weight }];
  });
}

/** The one to offer next: the first that is not chosen yet. */
export function nextLora(offered: readonly string[], chosen: readonly ChosenLora[]): string | undefined {
  return offered.find((name) => !chosen.some(({ model }) => model === name)) ?? offered[0];
}
