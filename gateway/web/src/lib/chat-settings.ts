import { readStored, writeStored } from "./storage";
import { createValue } from "./value";

/** How answers are asked for; kept in this browser. NaN = the model's own choice. */
export interface ChatSettings {
  /** Empty = the active model. */
  model: string;
  temperature: number;
  maxTokens: number;
}

const KEY = "atelier.chat";
const DEFAULTS: ChatSettings = { model: "", temperature: Number.NaN, maxTokens: 512 };

/** Settings out of what was stored, whoever stored it. JSON has no NaN, so an absent number is null there. */
export function readChatSettings(stored: unknown): ChatSettings {
  if (typeof stored !== "object" || stored === null) return DEFAULTS;
  const { model, temperature, maxTokens } = stored as Record<string, unknown>;
  const number = (value: unknown, fallback: number) =>
    typeof value === "number" ? value : value === null ? Number.NaN : fallback;
  return {
    model: typeof model === "string" ? model : DEFAULTS.model,
    temperature: number(temperature, DEFAULTS.temperature),
    maxTokens: number(maxTokens, DEFAULTS.maxTokens),
  };
}

/** The part of a message request the settings make; what is left open is left out. */
export function settingsRequest(settings: ChatSettings): { model?: string; temperature?: number; max_tokens?: number } {
  return {
    ...(settings.model === "" ? {} : { model: settings.model }),
    ...(Number.isNaN(settings.temperature) ? {} : { temperature: settings.temperature }),
    ...(Number.isNaN(settings.maxTokens) ? {} : { max_tokens: settings.maxTokens }),
  };
}

export const chatSettings = createValue(
  typeof localStorage === "undefined" ? DEFAULTS : readChatSettings(readStored(() => localStorage, KEY)),
);

export function changeChatSettings(part: Partial<ChatSettings>): void {
  const next = { ...chatSettings.get(), ...part };
  chatSettings.set(next);
  writeStored(() => localStorage, KEY, next);
}
