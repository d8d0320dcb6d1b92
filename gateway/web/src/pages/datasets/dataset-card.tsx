import { Link } from "@tanstack/react-router";
import { useId } from "react";
import type { Dataset } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { EditMenu } from "@/components/edit-menu/edit-menu";
import { RelativeTime } from "@/components/relative-time/relative-time";
import { TagBadges } from "@/components/tag-badges/tag-badges";
import { datasetName, extent } from "./describe";

interface DatasetCardProps {
  dataset: Dataset;
  onEdit: () => void;
  onDelete: () => void;
}

export function DatasetCard({ dataset, onEdit, onDelete }: DatasetCardProps) {
  const id = useId();
  const { description, type, tags, latest, updated_at } = dataset;
  const name = datasetName(dataset);
  return (
    <article
      aria-labelledby={id}
      className="relative flex min-w-0 flex-col gap-3 rounded-2xl border bg-surface p-5 shadow-card transition-colors focus-within:border-outline hover:border-outline"
    >
      <div className="flex items-start justify-between gap-2">
        <h2 id={id} className="min-w-0 text-base font-semibold wrap-anywhere">
          {/* The whole card leads there. */}
          <Link
            to="/datasets/$datasetId"
            params={{ datasetId: dataset.id }}
            className="after:absolute after:inset-0 after:rounded-2xl"
          >
            {name}
          </Link>
        </h2>
        <EditMenu name={name} onEdit={onEdit} onDelete={onDelete} className="relative -mt-1.5 -mr-2" />
      </div>
      {description !== "" && <p className="line-clamp-3 wrap-anywhere text-muted">{description}</p>}
      <div className="flex grow flex-wrap content-start gap-1.5">
        <Badge tone="accent" className="capitalize">
          {type}
        </Badge>
        <TagBadges tags={tags} />
      </div>
      <p className="text-xs text-muted">
        {latest === null ? "Nothing in it yet" : `Version ${latest.number}: ${extent(latest)}`} ·{" "}
        <RelativeTime time={updated_at} />
      </p>
    </article>
  );
}
