import { createValue } from "./value";

/** What the next new conversation begins with; another page sets it, and the chat takes it. */
export interface ChatDraft {
  text: string;
  systemPrompt: string;
}

export const EMPTY_DRAFT: ChatDraft = { text: "", systemPrompt: "" };

export const chatDraft = createValue<ChatDraft>(EMPTY_DRAFT);
