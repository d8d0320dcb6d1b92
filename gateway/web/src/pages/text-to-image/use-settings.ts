import { useCallback, useEffect, useState } from "react";
import type { GenerateOptions } from "@/api/types";
import { readStored, writeStored } from "@/lib/storage";
import { defaultSettings, type Settings, withSettings } from "./settings";

const KEY = "atelier.text-to-image";

function draft(options: GenerateOptions): Settings {
  const base = defaultSettings(options);
  const stored = readStored(() => localStorage, KEY);
  return typeof stored === "object" && stored !== null
    ? withSettings(base, stored as Record<string, unknown>, options)
    : base;
}

/** The form's settings, kept as a draft in this browser. `restore` takes over those of a job or an asset. */
export function useSettings(options: GenerateOptions) {
  const [settings, setSettings] = useState(() => draft(options));
  const change = useCallback((part: Partial<Settings>) => setSettings((now) => ({ ...now, ...part })), []);
  const restore = useCallback(
    (given: Record<string, unknown>) => setSettings((now) => withSettings(now, given, options)),
    [options],
  );
  const reset = useCallback(
    () => setSettings((now) => ({ ...defaultSettings(options), prompt: now.prompt })),
    [options],
  );
  useEffect(() => {
    const timer = setTimeout(() => writeStored(() => localStorage, KEY, settings), 300);
    return () => clearTimeout(timer);
  }, [settings]);
  return { settings, change, restore, reset };
}
