import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ChevronLeft, Download, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { datasetItemsQuery, datasetQuery, datasetVersionsQuery } from "@/api/queries";
import type { Dataset } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Button } from "@/components/button/button";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { RelativeTime } from "@/components/relative-time/relative-time";
import { Select } from "@/components/select/select";
import { Skeleton } from "@/components/skeleton/skeleton";
import { TagBadges } from "@/components/tag-badges/tag-badges";
import { DatasetForm } from "./dataset-form";
import { DeleteDataset } from "./delete-dataset";
import { datasetName, extent } from "./describe";
import { downloadDataset } from "./download";
import { ItemView } from "./item-view";
import { Statistics } from "./statistics";

function AllDatasets() {
  return (
    <Link to="/datasets" className="inline-flex items-center gap-1 justify-self-start text-muted hover:text-foreground">
      <ChevronLeft aria-hidden="true" className="size-4" />
      All datasets
    </Link>
  );
}

function Header({ dataset, version }: { dataset: Dataset; version: number | undefined }) {
  const navigate = useNavigate();
  const [editing, setEditing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const { description, type, tags } = dataset;
  return (
    <header className="grid grid-cols-1 gap-2">
      <AllDatasets />
      <div className="flex flex-wrap items-start justify-between gap-3">
        <h1 className="min-w-0 font-serif text-4xl leading-tight wrap-anywhere">{datasetName(dataset)}</h1>
        <div className="flex flex-wrap gap-2">
          {version !== undefined && (
            <Button look="primary" onClick={() => void downloadDataset(dataset, version)}>
              <Download />
              Download
            </Button>
          )}
          <Button onClick={() => setEditing(true)}>
            <Pencil />
            Edit
          </Button>
          <Button look="danger" onClick={() => setDeleting(true)}>
            <Trash2 />
            Delete
          </Button>
        </div>
      </div>
      {description !== "" && <p className="wrap-anywhere whitespace-pre-wrap text-muted">{description}</p>}
      <div className="flex flex-wrap gap-1.5">
        <Badge tone="accent" className="capitalize">
          {type}
        </Badge>
        <TagBadges tags={tags} />
      </div>
      <DatasetForm dataset={editing ? dataset : null} onClose={() => setEditing(false)} />
      <DeleteDataset
        dataset={deleting ? dataset : null}
        onClose={() => setDeleting(false)}
        onDeleted={() => navigate({ to: "/datasets", replace: true })}
      />
    </header>
  );
}

/** Which version is in sight, and where it came from. */
function Versions({ dataset, version }: { dataset: Dataset; version: number }) {
  const navigate = useNavigate();
  const query = useQuery(datasetVersionsQuery(dataset.id));
  const versions = query.data?.items ?? [];
  const shown = versions.find(({ number }) => number === version);
  const newest = dataset.latest?.number;
  if (query.isError) return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <Select
        aria-label="Version"
        className="w-auto"
        value={String(version)}
        onChange={(chosen) =>
          void navigate({
            to: "/datasets/$datasetId",
            params: { datasetId: dataset.id },
            search: Number(chosen) === newest ? {} : { version: Number(chosen) },
            replace: true,
            resetScroll: false,
          })
        }
        choices={versions.map((one) => ({
          value: String(one.number),
          label: `Version ${one.number}`,
          note: extent(one),
        }))}
      />
      {shown !== undefined && (
        <p className="text-muted">
          Made from rated answers, <RelativeTime time={shown.created_at} />
          {version !== newest && ", not the newest"}
        </p>
      )}
    </div>
  );
}

function Items({ id, version }: { id: string; version: number }) {
  const query = useInfiniteQuery(datasetItemsQuery(id, version));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-labelledby="dataset-items" className="grid grid-cols-1 gap-3">
      <h2 id="dataset-items" className="font-semibold">
        Items
      </h2>
      {query.isPending && ["a", "b", "c"].map((key) => <Skeleton key={key} className="h-32 rounded-2xl" />)}
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      <ol className="grid grid-cols-1 gap-3">
        {items.map((item) => (
          <ItemView key={item.index} item={item} />
        ))}
      </ol>
      {query.hasNextPage && (
        <Button className="mx-auto" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  );
}

export default function DatasetPage() {
  const { datasetId = "" } = useParams({ strict: false });
  const search = useSearch({ strict: false }) as { version?: number };
  const query = useQuery(datasetQuery(datasetId));
  const version = search.version ?? query.data?.latest?.number;
  return (
    <div className="mx-auto grid w-full max-w-5xl grid-cols-1 gap-5 p-4 md:p-6">
      {query.isPending && (
        <>
          <Skeleton className="h-20" />
          <Skeleton className="h-24 rounded-2xl" />
          <Skeleton className="h-64 rounded-2xl" />
        </>
      )}
      {query.data === undefined && query.isError && (
        <>
          <AllDatasets />
          <h1 className="font-serif text-4xl leading-tight">Dataset</h1>
          <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />
        </>
      )}
      {query.data !== undefined && <Header dataset={query.data} version={version} />}
      {query.data !== undefined && version === undefined && <p className="text-muted">There is nothing in it yet.</p>}
      {query.data !== undefined && version !== undefined && (
        <>
          <Versions dataset={query.data} version={version} />
          <Statistics id={datasetId} version={version} />
          <Items key={version} id={datasetId} version={version} />
        </>
      )}
    </div>
  );
}
