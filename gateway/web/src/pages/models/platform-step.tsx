import { useQuery } from "@tanstack/react-query";
import { ChevronRight, Radar } from "lucide-react";
import { discoveredQuery } from "@/api/queries";
import type { DiscoveredEndpoint } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Spinner } from "@/components/spinner/spinner";
import { PLATFORMS, type Platform } from "./platforms";

interface PlatformStepProps {
  onChoose: (platform: Platform) => void;
  onFound: (platform: Platform, address: string) => void;
}

const choiceStyle =
  "flex h-full w-full items-center gap-3 rounded-xl border px-4 py-3 text-left transition-colors hover:border-accent hover:bg-hover";

function Found({ found, onFound }: { found: DiscoveredEndpoint } & Pick<PlatformStepProps, "onFound">) {
  const platform = PLATFORMS.find((one) => one.kind === found.kind);
  if (platform === undefined) return null;
  const count = found.models.length;
  const words = (
    <>
      <span className="grid min-w-0 grow">
        <span className="font-medium">{platform.label}</span>
        <span className="break-all text-muted">
          {found.base_url} · {count === 1 ? "one model" : `${count} models`}
        </span>
      </span>
      {found.registered ? (
        <Badge tone="success">Added already</Badge>
      ) : (
        <ChevronRight aria-hidden="true" className="size-4 shrink-0 text-muted" />
      )}
    </>
  );
  return found.registered ? (
    <div className="flex items-center gap-3 rounded-xl border px-4 py-3">{words}</div>
  ) : (
    <button type="button" className={choiceStyle} onClick={() => onFound(platform, found.base_url)}>
      {words}
    </button>
  );
}

function Discovered({ onFound }: Pick<PlatformStepProps, "onFound">) {
  const { data, isPending, isError } = useQuery(discoveredQuery);
  // Looking around is a favour: where it fails one goes on by hand.
  if (isError) return null;
  return (
    <div className="grid grid-cols-1 gap-2">
      <h3 className="flex items-center gap-2 text-[0.8125rem] font-medium">
        <Radar aria-hidden="true" className="size-4 text-accent" />
        Found on this machine
      </h3>
      {isPending && (
        <p role="status" className="flex items-center gap-2 text-muted">
          <Spinner />
          Looking for LM Studio, Ollama and vLLM…
        </p>
      )}
      {data?.items.length === 0 && (
        <p className="text-muted">Neither LM Studio nor Ollama nor vLLM answers at its usual address.</p>
      )}
      {data?.items.map((found) => (
        <Found key={`${found.kind} ${found.base_url}`} found={found} onFound={onFound} />
      ))}
    </div>
  );
}

export function PlatformStep({ onChoose, onFound }: PlatformStepProps) {
  return (
    <>
      <h2 className="font-semibold">Where does the model run?</h2>
      <Discovered onFound={onFound} />
      <ul className="grid auto-rows-fr gap-2 sm:grid-cols-2">
        {PLATFORMS.map((platform) => (
          <li key={platform.kind}>
            <button type="button" className={choiceStyle} onClick={() => onChoose(platform)}>
              <span className="grid min-w-0 grow">
                <span className="font-medium">{platform.label}</span>
                <span className="text-muted">{platform.about}</span>
              </span>
              <ChevronRight aria-hidden="true" className="size-4 shrink-0 text-muted" />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
