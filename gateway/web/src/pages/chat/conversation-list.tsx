import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Ellipsis, FileBraces, FileText, Pencil, Plus, Search, Trash2 } from "lucide-react";
import { type FormEvent, useDeferredValue, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { conversationQuery, conversationsQuery } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { Button } from "@/components/button/button";
import { Confirm } from "@/components/confirm/confirm";
import { IconButton } from "@/components/icon-button/icon-button";
import { Input } from "@/components/input/input";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/menu/menu";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { RelativeTime } from "@/components/relative-time/relative-time";
import { Skeleton } from "@/components/skeleton/skeleton";
import { toast } from "@/components/toast/toast-store";
import { conversationTitle } from "@/lib/format";
import { downloadConversation } from "./download";

interface ItemProps {
  conversation: Conversation;
  onRename: () => void;
  onDelete: () => void;
  onNavigate: (() => void) | undefined;
}

function Item({ conversation, onRename, onDelete, onNavigate }: ItemProps) {
  const title = conversationTitle(conversation);
  return (
    <li className="group relative">
      <Link
        to="/chat/$conversationId"
        params={{ conversationId: conversation.id }}
        {...(onNavigate ? { onClick: onNavigate } : {})}
        className="block rounded-lg py-1.5 pr-9 pl-3 transition-colors hover:bg-hover data-[status=active]:bg-hover"
      >
        <span className="block truncate font-medium">{title}</span>
        <RelativeTime time={conversation.updated_at} className="text-xs text-muted" />
      </Link>
      <div className="absolute top-2 right-1 pointer-fine:opacity-0 pointer-fine:group-focus-within:opacity-100 pointer-fine:group-hover:opacity-100">
        <Menu>
          <MenuTrigger>
            <IconButton label={`More for ${title}`}>
              <Ellipsis />
            </IconButton>
          </MenuTrigger>
          <MenuContent>
            <MenuItem onSelect={onRename}>
              <Pencil />
              Rename
            </MenuItem>
            <MenuItem onSelect={() => void downloadConversation(conversation, "markdown")}>
              <FileText />
              Download as Markdown
            </MenuItem>
            <MenuItem onSelect={() => void downloadConversation(conversation, "json")}>
              <FileBraces />
              Download as JSON
            </MenuItem>
            <MenuItem onSelect={onDelete} className="text-danger">
              <Trash2 />
              Delete
            </MenuItem>
          </MenuContent>
        </Menu>
      </div>
    </li>
  );
}

function Rename({ conversation, onDone }: { conversation: Conversation; onDone: () => void }) {
  const queries = useQueryClient();
  const [title, setTitle] = useState(conversation.title);
  const save = async (event?: FormEvent) => {
    event?.preventDefault();
    onDone();
    if (title.trim() === "" || title.trim() === conversation.title) return;
    try {
      const changed = await api.changeConversation(conversation.id, { title: title.trim() });
      queries.setQueryData(
        conversationQuery(conversation.id).queryKey,
        (detail) => detail && { ...detail, ...changed },
      );
    } catch (error) {
      toast({ tone: "danger", title: "The conversation was not renamed", detail: asProblem(error).message });
    }
    void queries.invalidateQueries({ queryKey: ["conversations"] });
  };
  return (
    <li>
      <form onSubmit={(event) => void save(event)}>
        <Input
          autoFocus
          aria-label="Title"
          maxLength={200}
          value={title}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setTitle(event.target.value)}
          onBlur={() => void save()}
          onKeyDown={(event) => event.key === "Escape" && onDone()}
        />
      </form>
    </li>
  );
}

interface ConversationListProps {
  openId: string | undefined;
  onNavigate?: () => void;
}

export function ConversationList({ openId, onNavigate }: ConversationListProps) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim());
  const query = useInfiniteQuery({ ...conversationsQuery(search), placeholderData: (previous) => previous });
  const [renaming, setRenaming] = useState<string | null>(null);
  const [deleting, setDeleting] = useState<Conversation | null>(null);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const remove = async (conversation: Conversation) => {
    await api.deleteConversation(conversation.id);
    if (conversation.id === openId) await navigate({ to: "/chat" });
    queries.removeQueries({ queryKey: ["conversation", conversation.id] });
    await queries.invalidateQueries({ queryKey: ["conversations"] });
  };
  return (
    <div className="flex min-h-0 grow flex-col gap-3">
      <Button asChild className="w-full">
        <Link to="/chat" {...(onNavigate ? { onClick: onNavigate } : {})}>
          <Plus />
          New conversation
        </Link>
      </Button>
      <div className="relative">
        <Search aria-hidden="true" className="absolute top-2.5 left-3 size-4 text-muted" />
        <Input
          type="search"
          aria-label="Search conversations"
          placeholder="Search"
          className="pl-9"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <nav aria-label="Conversations" className="relative -mx-1 min-h-0 grow overflow-y-auto px-1">
        {query.isPending && (
          <div className="grid grid-cols-1 gap-2">
            {["a", "b", "c"].map((key) => (
              <Skeleton key={key} className="h-12" />
            ))}
          </div>
        )}
        {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && items.length === 0 && (
          <p className="px-3 py-6 text-center text-muted">
            {search === "" ? "Your conversations are kept here." : "No conversation has these words."}
          </p>
        )}
        <ul className="grid grid-cols-1 gap-0.5">
          {items.map((conversation) =>
            renaming === conversation.id ? (
              <Rename key={conversation.id} conversation={conversation} onDone={() => setRenaming(null)} />
            ) : (
              <Item
                key={conversation.id}
                conversation={conversation}
                onRename={() => setRenaming(conversation.id)}
                onDelete={() => setDeleting(conversation)}
                onNavigate={onNavigate}
              />
            ),
          )}
        </ul>
        {query.hasNextPage && (
          <Button
            look="ghost"
            size="sm"
            className="mt-2 w-full"
            busy={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show older
          </Button>
        )}
      </nav>
      <Confirm
        open={deleting !== null}
        onOpenChange={(open) => !open && setDeleting(null)}
        title="Delete this conversation?"
        description={`“${conversationTitle(deleting)}” and all its messages will be gone for good.`}
        action="Delete"
        onConfirm={async () => {
          if (deleting !== null) await remove(deleting);
        }}
      />
    </div>
  );
}
