import { useId } from "react";
import type { Prompt } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Button } from "@/components/button/button";
import { EditMenu } from "@/components/edit-menu/edit-menu";
import { TagBadges } from "@/components/tag-badges/tag-badges";

interface PromptCardProps {
  prompt: Prompt;
  onUse: () => void;
  onEdit: () => void;
  onDelete: () => void;
}

export function PromptCard({ prompt, onUse, onEdit, onDelete }: PromptCardProps) {
  const id = useId();
  const { name, description, purpose, text, tags, variables } = prompt;
  return (
    <article
      aria-labelledby={id}
      className="flex min-w-0 flex-col gap-3 rounded-2xl border bg-surface p-5 shadow-card"
    >
      <div className="min-w-0">
        <h2 id={id} className="text-base font-semibold wrap-anywhere">
          {name}
        </h2>
        {description !== "" && <p className="wrap-anywhere text-muted">{description}</p>}
      </div>
      <p className="line-clamp-4 grow rounded-lg bg-sunken p-3 wrap-anywhere whitespace-pre-wrap">{text}</p>
      <div className="flex flex-wrap gap-1.5">
        {purpose === "system" && <Badge tone="success">System prompt</Badge>}
        <TagBadges tone="accent" tags={variables.map((one) => one.name)} />
        <TagBadges tags={tags} />
      </div>
      <div className="flex items-center justify-between gap-2">
        <Button size="sm" look="primary" aria-label={`Use ${name}`} onClick={onUse}>
          Use
        </Button>
        <EditMenu name={name} onEdit={onEdit} onDelete={onDelete} />
      </div>
    </article>
  );
}
