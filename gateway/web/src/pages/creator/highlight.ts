import { common, createLowlight } from "lowlight";
import { type Line, type Node, treeLines } from "./lines";

const lowlight = createLowlight(common);
// Components are markup with scripts in it; the rest are other words for what there is.
lowlight.registerAlias({ xml: ["vue", "svelte"] });

/** Code as coloured lines; null for a language nobody registered. */
export function highlight(code: string, language: string): Line[] | null {
  if (!lowlight.registered(language)) return null;
  return treeLines(lowlight.highlight(language, code) as Node);
}
