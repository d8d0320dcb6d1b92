import { useParams, useSearch } from "@tanstack/react-router";
import { PanelLeft } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button/button";
import { Dialog } from "@/components/dialog/dialog";
import { ConversationList } from "./conversation-list";
import { NewChat } from "./new-chat";
import { Thread } from "./thread";

export default function ChatPage() {
  const { conversationId } = useParams({ strict: false });
  const { prompt } = useSearch({ strict: false }) as { prompt?: string };
  const [list, setList] = useState(false);
  return (
    <div className="flex h-full flex-col md:flex-row">
      <h1 className="sr-only">Chat</h1>
      <aside className="hidden w-64 shrink-0 flex-col border-r p-3 md:flex">
        <ConversationList openId={conversationId} />
      </aside>
      <div className="border-b px-3 py-1.5 md:hidden">
        <Button look="ghost" size="sm" onClick={() => setList(true)}>
          <PanelLeft />
          Conversations
        </Button>
      </div>
      {conversationId === undefined ? <NewChat prompt={prompt} /> : <Thread key={conversationId} id={conversationId} />}
      <Dialog open={list} onOpenChange={setList} side="left" title="Conversations" className="[&>div]:flex">
        <ConversationList openId={conversationId} onNavigate={() => setList(false)} />
      </Dialog>
    </div>
  );
}
