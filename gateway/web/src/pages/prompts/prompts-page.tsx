import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { BookText, Plus, Search } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { api } from "@/api/client";
import { promptsQuery } from "@/api/queries";
import type { Prompt } from "@/api/types";
import { Button } from "@/components/button/button";
import { Confirm } from "@/components/confirm/confirm";
import { Dialog } from "@/components/dialog/dialog";
import { EmptyState } from "@/components/empty-state/empty-state";
import { Input } from "@/components/input/input";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { chatDraft } from "@/lib/chat-draft";
import { FillForm } from "@/prompts/fill-form";
import { PromptCard } from "./prompt-card";
import { PromptForm } from "./prompt-form";

export default function PromptsPage() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim());
  const query = useInfiniteQuery({ ...promptsQuery(search), placeholderData: (previous) => previous });
  const [editing, setEditing] = useState<Prompt | "new" | null>(null);
  const [deleting, setDeleting] = useState<Prompt | null>(null);
  const [using, setUsing] = useState<Prompt | null>(null);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const add = (
    <Button look="primary" onClick={() => setEditing("new")}>
      <Plus />
      New prompt
    </Button>
  );
  const open = (prompt: Prompt, text: string) => {
    chatDraft.set(prompt.purpose === "system" ? { text: "", systemPrompt: text } : { text, systemPrompt: "" });
    void navigate({ to: "/chat" });
  };
  const remove = async (prompt: Prompt) => {
    await api.deletePrompt(prompt.id);
    await queries.invalidateQueries({ queryKey: ["prompts"] });
  };
  const none = query.isSuccess && items.length === 0;
  return (
    <div className="mx-auto grid w-full max-w-5xl grid-cols-1 gap-5 p-4 md:p-6">
      <PageHeader title="Prompts" actions={add}>
        Texts you ask with again and again, with gaps to fill.
      </PageHeader>
      {!(none && search === "") && (
        <div className="relative max-w-sm">
          <Search aria-hidden="true" className="absolute top-2.5 left-3 size-4 text-muted" />
          <Input
            type="search"
            aria-label="Search prompts"
            placeholder="Search"
            className="pl-9"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
      )}
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {none && search !== "" && <p className="py-10 text-center text-muted">No prompt has these words.</p>}
      {none && search === "" && (
        <EmptyState icon={BookText} title="Keep what asks well">
          Write a question once, put {"{{gaps}}"} where it differs each time, and use it from here or from the chat.
        </EmptyState>
      )}
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {query.isPending && ["a", "b", "c"].map((key) => <Skeleton key={key} className="h-52 rounded-2xl" />)}
        {items.map((prompt) => (
          <PromptCard
            key={prompt.id}
            prompt={prompt}
            onUse={() => (prompt.variables.length === 0 ? open(prompt, prompt.text) : setUsing(prompt))}
            onEdit={() => setEditing(prompt)}
            onDelete={() => setDeleting(prompt)}
          />
        ))}
      </div>
      {query.hasNextPage && (
        <Button className="mx-auto" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      )}
      <PromptForm prompt={editing} onClose={() => setEditing(null)} />
      <Dialog open={using !== null} onOpenChange={(next) => !next && setUsing(null)} title={using?.name ?? ""}>
        {using !== null && (
          <FillForm prompt={using} action="Open in the chat" onFilled={(text) => open(using, text)} />
        )}
      </Dialog>
      <Confirm
        open={deleting !== null}
        onOpenChange={(next) => !next && setDeleting(null)}
        title={`Delete ${deleting?.name ?? ""}?`}
        description="The text will be gone for good. Conversations that were begun with it stay."
        action="Delete"
        onConfirm={async () => {
          if (deleting !== null) await remove(deleting);
        }}
      />
    </div>
  );
}
