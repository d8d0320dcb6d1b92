// As the gateway reads templates: `{{ name }}` or `{{ name | what stands there unless it is filled }}`.
const GAP = /\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,39})\s*(?:\|([^{}]*))?\}\}/g;
/** The gaps of style presets, which have single braces. */
export const PRESET_GAP = /\{\s*([A-Za-z_][A-Za-z0-9_]{0,39})\s*(?:\|([^{}]*))?\}/g;

export interface Variable {
  name: string;
  /** What stands there unless it is filled; null = it must be filled. */
  default: string | null;
}

/** The gaps of a template, in order; a name's first default counts. */
export function variables(text: string, gap = GAP): Variable[] {
  const found = new Map<string, string | null>();
  for (const [, name = "", words] of text.matchAll(gap)) {
    if ((found.get(name) ?? null) === null) found.set(name, words === undefined ? null : words.trim());
  }
  return [...found].map(([name, words]) => ({ name, default: words }));
}

/** The gaps that must be filled and are not. */
export function missing(text: string, values: Readonly<Record<string, string>>): string[] {
  return variables(text)
    .filter((one) => one.default === null && (values[one.name] ?? "").trim() === "")
    .map(({ name }) => name);
}

/** The template with its gaps filled; one that is left open shows its default, or its name. Fillings stay as they are. */
export function fill(text: string, values: Readonly<Record<string, string>>, gap = GAP): string {
  const defaults = new Map(variables(text, gap).map((one) => [one.name, one.default]));
  return text.replace(gap, (found, name: string) => {
    const value = values[name] ?? "";
    return value.trim() === "" ? (defaults.get(name) ?? found.replaceAll(" ", "")) : value;
  });
}

/** Tags out of a comma-separated line: each once, none empty. */
export function tags(line: string): string[] {
  return [...new Set(line.split(",").map((tag) => tag.trim()).filter(Boolean))];
}
