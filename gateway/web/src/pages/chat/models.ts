import type { ChatModel } from "@/api/types";

/** The models one can talk to; those that only embed are left out. */
export function chatModels(models: readonly ChatModel[]): ChatModel[] {
  return models.filter((model) => (model.atelier?.task ?? "chat") === "chat");
}
