import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { PackageOpen, Plus, Search } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { api } from "@/api/client";
import { modelsQuery } from "@/api/queries";
import type { RegisteredModel } from "@/api/types";
import { Button } from "@/components/button/button";
import { Confirm } from "@/components/confirm/confirm";
import { EmptyState } from "@/components/empty-state/empty-state";
import { Input } from "@/components/input/input";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Select } from "@/components/select/select";
import { Skeleton } from "@/components/skeleton/skeleton";
import { ModelTabs } from "@/registry/model-tabs";
import { familyWord, KINDS, type ModelKind } from "@/registry/words";
import { EditModel } from "./edit-model";
import { MemoryBars } from "./memory-bars";
import { ModelCard } from "./model-card";
import { RegisterDialog } from "./register-dialog";

const ANY = "any";

export default function RegistryPage() {
  const queries = useQueryClient();
  const [typed, setTyped] = useState("");
  const [kind, setKind] = useState<ModelKind | typeof ANY>(ANY);
  const [family, setFamily] = useState(ANY);
  const [adding, setAdding] = useState(false);
  const [editing, setEditing] = useState<RegisteredModel | null>(null);
  const [deleting, setDeleting] = useState<RegisteredModel | null>(null);
  const q = useDeferredValue(typed.trim());
  const wanted = { q, ...(kind === ANY ? {} : { kind }), ...(family === ANY ? {} : { family }) };
  const query = useInfiniteQuery({ ...modelsQuery(wanted), placeholderData: (previous) => previous });
  const models = query.data?.pages.flatMap((page) => page.items) ?? [];
  const families = [...new Set([...models.map((model) => model.family), ...(family === ANY ? [] : [family])])].filter(
    (one) => one !== "unknown",
  );
  const filtered = q !== "" || kind !== ANY || family !== ANY;
  const own = models.some((model) => !model.built_in);
  const add = (
    <Button look="primary" onClick={() => setAdding(true)}>
      <Plus />
      Add a model
    </Button>
  );
  return (
    <div className="mx-auto grid w-full max-w-6xl grid-cols-1 gap-5 p-4 md:p-6">
      <PageHeader title="Models" actions={add}>
        What pictures and clips are made with, and where it is loaded.
      </PageHeader>
      <ModelTabs />
      <MemoryBars />
      <div className="flex flex-wrap gap-2">
        <div className="relative min-w-56 grow sm:max-w-sm">
          <Search aria-hidden="true" className="absolute top-2.5 left-3 size-4 text-muted" />
          <Input
            type="search"
            aria-label="Search models"
            placeholder="Name, tag or trigger word"
            maxLength={200}
            className="pl-9"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        <Select
          aria-label="Kind"
          className="w-40"
          value={kind}
          onChange={(value) => setKind(value as ModelKind | typeof ANY)}
          choices={[
            { value: ANY, label: "Every kind" },
            ...Object.entries(KINDS).map(([value, label]) => ({ value, label })),
          ]}
        />
        <Select
          aria-label="Family"
          className="w-40"
          value={family}
          onChange={setFamily}
          choices={[
            { value: ANY, label: "Every family" },
            ...families.map((one) => ({ value: one, label: familyWord(one) })),
          ]}
        />
      </div>
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      <div className="grid grid-cols-[repeat(auto-fill,minmax(15rem,1fr))] gap-4">
        {query.isPending && ["a", "b", "c"].map((key) => <Skeleton key={key} className="h-72 rounded-2xl" />)}
        {models.map((model) => (
          <ModelCard
            key={model.id}
            model={model}
            onEdit={() => setEditing(model)}
            onDelete={() => setDeleting(model)}
          />
        ))}
      </div>
      {query.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more
        </Button>
      )}
      {query.isSuccess && models.length === 0 && filtered && (
        <p className="py-6 text-center text-muted">No model is like that.</p>
      )}
      {query.isSuccess && !own && !filtered && (
        <EmptyState icon={PackageOpen} title="Bring your own models" action={add}>
          Checkpoints, LoRAs, VAEs and upscalers: from the model hub, an address, a bucket, a folder, or as a file.
        </EmptyState>
      )}
      <RegisterDialog open={adding} onOpenChange={setAdding} />
      <EditModel model={editing} onClose={() => setEditing(null)} />
      <Confirm
        open={deleting !== null}
        onOpenChange={(open) => !open && setDeleting(null)}
        title={`Delete ${deleting?.name ?? ""}?`}
        description="Its files are deleted for good, here and at every worker. Pictures made with it stay."
        action="Delete"
        onConfirm={async () => {
          if (deleting !== null) await api.deleteModel(deleting.id);
          await queries.invalidateQueries({ queryKey: ["models"] });
          await queries.invalidateQueries({ queryKey: ["generate-options"] });
        }}
      />
    </div>
  );
}
