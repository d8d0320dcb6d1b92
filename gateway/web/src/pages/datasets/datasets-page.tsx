import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Database, MessageSquare, Search } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { datasetsQuery } from "@/api/queries";
import type { Dataset } from "@/api/types";
import { Button } from "@/components/button/button";
import { EmptyState } from "@/components/empty-state/empty-state";
import { Input } from "@/components/input/input";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { RatedAnswers } from "@/datasets/rated-answers";
import { DatasetCard } from "./dataset-card";
import { DatasetForm } from "./dataset-form";
import { DeleteDataset } from "./delete-dataset";

export default function DatasetsPage() {
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim());
  const query = useInfiniteQuery({ ...datasetsQuery(search), placeholderData: (previous) => previous });
  const [editing, setEditing] = useState<Dataset | null>(null);
  const [deleting, setDeleting] = useState<Dataset | null>(null);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const none = query.isSuccess && items.length === 0;
  return (
    <div className="mx-auto grid w-full max-w-5xl grid-cols-1 gap-5 p-4 md:p-6">
      <PageHeader title="Datasets">Examples that models can be trained on.</PageHeader>
      <RatedAnswers />
      {!(none && search === "") && (
        <div className="relative max-w-sm">
          <Search aria-hidden="true" className="absolute top-2.5 left-3 size-4 text-muted" />
          <Input
            type="search"
            aria-label="Search datasets"
            placeholder="Search"
            maxLength={200}
            className="pl-9"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
      )}
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {none && search !== "" && <p className="py-10 text-center text-muted">No dataset has these words.</p>}
      {none && search === "" && (
        <EmptyState
          icon={Database}
          title="Your opinion is training data"
          action={
            <Button asChild>
              <Link to="/chat">
                <MessageSquare />
                Rate answers in the chat
              </Link>
            </Button>
          }
        >
          Press thumbs up at answers you like. Once there are enough, one click makes a dataset of them, with everything
          that was said before each answer.
        </EmptyState>
      )}
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {query.isPending && ["a", "b", "c"].map((key) => <Skeleton key={key} className="h-40 rounded-2xl" />)}
        {items.map((dataset) => (
          <DatasetCard
            key={dataset.id}
            dataset={dataset}
            onEdit={() => setEditing(dataset)}
            onDelete={() => setDeleting(dataset)}
          />
        ))}
      </div>
      {query.hasNextPage && (
        <Button className="mx-auto" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      )}
      <DatasetForm dataset={editing} onClose={() => setEditing(null)} />
      <DeleteDataset dataset={deleting} onClose={() => setDeleting(null)} />
    </div>
  );
}
