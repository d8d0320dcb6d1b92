import type { ReactNode } from "react";
import type { Asset } from "@/api/types";
import { CopyButton } from "@/components/copy-button/copy-button";
import { bytes, dateTime, duration } from "@/lib/format";
import { presetName } from "@/presets/preset";
import { assetSettings } from "./describe";

const SHOWN: readonly [string, string][] = [
  ["negative_prompt", "Negative prompt"],
  ["model", "Model"],
  ["seed", "Seed"],
  ["steps", "Steps"],
  ["cfg_scale", "CFG scale"],
  ["sampler", "Sampler"],
  ["technique", "Made as"],
  ["fps", "Frames a second"],
  ["motion_intensity", "Motion"],
];

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="break-words tabular-nums">{children}</dd>
    </div>
  );
}

const shown = (value: unknown): value is string | number =>
  typeof value === "number" || (typeof value === "string" && value !== "");

/** What is known of an asset: how it was made, and its file. */
export function AssetFacts({ asset }: { asset: Asset }) {
  const given = assetSettings(asset);
  const settings: Record<string, unknown> = { ...given, sampler: given.sampler_label ?? given.sampler };
  const prompt = settings.prompt;
  return (
    <div className="grid gap-5">
      {typeof prompt === "string" && prompt !== "" && (
        <div>
          <div className="flex items-center justify-between">
            <h3 className="text-xs text-muted">Prompt</h3>
            <CopyButton text={prompt} label="Copy the prompt" />
          </div>
          <p className="break-words whitespace-pre-wrap">{prompt}</p>
        </div>
      )}
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3">
        {SHOWN.map(([field, label]) => {
          const value = settings[field];
          return shown(value) ? (
            <Fact key={field} label={label}>
              {value}
            </Fact>
          ) : null;
        })}
        {presetName(given) !== "" && <Fact label="Style preset">{presetName(given)}</Fact>}
        {asset.width > 0 && (
          <Fact label="Size">
            {asset.width} × {asset.height}
          </Fact>
        )}
        {asset.duration_s > 0 && <Fact label="Length">{duration(asset.duration_s)}</Fact>}
        <Fact label="File">
          {asset.content_type.split("/").pop()?.toUpperCase()} · {bytes(asset.size)}
        </Fact>
        <Fact label="Made">{dateTime(asset.created_at)}</Fact>
      </dl>
      {Object.keys(asset.provenance).length > 0 && (
        <details>
          <summary className="cursor-pointer text-xs text-muted">Full provenance</summary>
          <pre className="mt-2 max-h-64 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap break-all">
            {JSON.stringify(asset.provenance, null, 2)}
          </pre>
        </details>
      )}
    </div>
  );
}
