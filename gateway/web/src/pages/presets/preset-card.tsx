import { Link } from "@tanstack/react-router";
import { Copy, Download } from "lucide-react";
import { useId } from "react";
import type { Preset } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Button } from "@/components/button/button";
import { EditMenu } from "@/components/edit-menu/edit-menu";
import { MenuItem } from "@/components/menu/menu";
import { TagBadges } from "@/components/tag-badges/tag-badges";
import { settingWords } from "@/presets/preset";
import { USED_AT } from "./use-link";

interface PresetCardProps {
  preset: Preset;
  onEdit: () => void;
  onDuplicate: () => void;
  onExport: () => void;
  onDelete: () => void;
}

export function PresetCard({ preset, onEdit, onDuplicate, onExport, onDelete }: PresetCardProps) {
  const id = useId();
  const { name, description, kind, category, template, negative_prompt, settings, variables, built_in } = preset;
  const to = USED_AT[kind];
  return (
    <article aria-labelledby={id} className="flex min-w-0 flex-col gap-3 rounded-2xl border bg-surface p-5 shadow-card">
      <div className="min-w-0">
        <h3 id={id} className="text-base font-semibold wrap-anywhere">
          {name}
        </h3>
        {description !== "" && <p className="wrap-anywhere text-muted">{description}</p>}
      </div>
      <div className="grid grow content-start gap-2 rounded-lg bg-sunken p-3">
        <p className="line-clamp-4 wrap-anywhere whitespace-pre-wrap">{template}</p>
        {negative_prompt !== "" && (
          <p className="line-clamp-2 text-xs wrap-anywhere text-muted">
            <span className="font-medium text-foreground">Not:</span> {negative_prompt}
          </p>
        )}
      </div>
      <div className="flex flex-wrap gap-1.5">
        <Badge tone="accent">{category}</Badge>
        {!built_in && <Badge tone="success">Yours</Badge>}
        <TagBadges tags={[...variables.map((one) => `{${one.name}}`), ...settingWords(settings)]} />
      </div>
      <div className="flex items-center justify-between gap-2">
        {to === undefined ? (
          <span />
        ) : (
          <Button asChild size="sm" look="primary">
            <Link to={to} search={{ preset: preset.id }} aria-label={`Use ${name}`}>
              Use
            </Link>
          </Button>
        )}
        <EditMenu name={name} onEdit={built_in ? undefined : onEdit} onDelete={built_in ? undefined : onDelete}>
          <MenuItem onSelect={onDuplicate}>
            <Copy />
            Duplicate
          </MenuItem>
          <MenuItem onSelect={onExport}>
            <Download />
            Export
          </MenuItem>
        </EditMenu>
      </div>
    </article>
  );
}
