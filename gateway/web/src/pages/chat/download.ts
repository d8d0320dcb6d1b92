import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Conversation } from "@/api/types";
import { toast } from "@/components/toast/toast-store";
import { conversationTitle } from "@/lib/format";
import { saveFile } from "@/lib/save-file";
import { shownLeaf } from "./shown-leaf";

const EXTENSIONS = { markdown: "md", json: "json" };

/** Save a conversation: to be read, the branch that is shown, else the newest; as JSON, every branch. */
export async function downloadConversation(conversation: Conversation, format: "markdown" | "json"): Promise<void> {
  const shown = shownLeaf.get();
  const leaf = shown?.conversationId === conversation.id ? shown.leafId : undefined;
  try {
    const content = await (await api.exportConversation(conversation.id, format, leaf)).blob();
    saveFile(content, `${conversationTitle(conversation)}.${EXTENSIONS[format]}`);
  } catch (error) {
    toast({ tone: "danger", title: "The download failed", detail: asProblem(error).message });
  }
}
