import { Link } from "@tanstack/react-router";
import { Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useId } from "react";
import type { Dataset } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { IconButton } from "@/components/icon-button/icon-button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/menu/menu";
import { RelativeTime } from "@/components/relative-time/relative-time";
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
        <Menu>
          <MenuTrigger>
            <IconButton label={`More for ${name}`} className="relative -mt-1.5 -mr-2">
              <Ellipsis />
            </IconButton>
          </MenuTrigger>
          <MenuContent>
            <MenuItem onSelect={onEdit}>
              <Pencil />
              Edit
            </MenuItem>
            <MenuItem onSelect={onDelete} className="text-danger">
              <Trash2 />
              Delete
            </MenuItem>
          </MenuContent>
        </Menu>
      </div>
      {description !== "" && <p className="line-clamp-3 wrap-anywhere text-muted">{description}</p>}
      <div className="flex grow flex-wrap content-start gap-1.5">
        <Badge tone="accent" className="capitalize">
          {type}
        </Badge>
        {tags.map((tag) => (
          <Badge key={tag} className="inline-block max-w-full truncate">
            {tag}
          </Badge>
        ))}
      </div>
      <p className="text-xs text-muted">
        {latest === null ? "Nothing in it yet" : `Version ${latest.number}: ${extent(latest)}`} ·{" "}
        <RelativeTime time={updated_at} />
      </p>
    </article>
  );
}
