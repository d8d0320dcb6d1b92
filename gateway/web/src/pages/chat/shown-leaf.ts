import { createValue } from "@/lib/value";

/** The last message on the screen: where the branch that is read ends. Null while no conversation is open. */
export const shownLeaf = createValue<{ conversationId: string; leafId: string } | null>(null);
