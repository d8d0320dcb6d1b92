import { createValue } from "@/lib/value";

/** Settings on their way to a mode's page, which takes them when it opens: those of a file that is kept nowhere. */
export const handedSettings = createValue<{ mode: string; settings: Readonly<Record<string, unknown>> } | null>(null);
