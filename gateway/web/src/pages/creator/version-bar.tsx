import type { Code, CodeVersion } from "@/api/types";
import { Segmented } from "@/components/segmented/segmented";
import { Select } from "@/components/select/select";

export type View = "files" | "changes" | "raw";

export interface Look {
  view: View;
  /** For the changes: what they are compared with; 0 = nothing at all. */
  since: number;
}

const MARKS: Record<CodeVersion["status"], string> = {
  complete: "",
  unusable: "not usable",
  stopped: "stopped",
  failed: "failed",
};

function choice({ number, instruction, status }: CodeVersion) {
  const words = instruction === "" ? "from the description" : instruction;
  return { value: String(number), label: `Version ${number}`, note: MARKS[status] || words };
}

interface VersionBarProps {
  code: Code;
  look: Look;
  onVersion: (version: number) => void;
  onLook: (look: Look) => void;
}

/** Which version is in sight, and what of it. */
export function VersionBar({ code, look, onVersion, onLook }: VersionBarProps) {
  const newestFirst = code.versions.map(choice).reverse();
  const others = newestFirst.filter(({ value }) => value !== String(code.version));
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Select
        aria-label="Version"
        className="w-auto"
        value={String(code.version)}
        onChange={(version) => onVersion(Number(version))}
        choices={newestFirst}
      />
      <Segmented<View>
        label="What is shown"
        value={look.view}
        onChange={(view) => onLook({ ...look, view })}
        choices={[
          { value: "files", label: "Files" },
          { value: "changes", label: "Changes" },
          { value: "raw", label: "Raw answer" },
        ]}
      />
      {look.view === "changes" && (
        <Select
          aria-label="Compared with"
          className="w-auto"
          value={String(look.since)}
          onChange={(since) => onLook({ ...look, since: Number(since) })}
          choices={[
            ...others.map((one) => ({ ...one, label: `Since version ${one.value}` })),
            { value: "0", label: "Since the beginning" },
          ]}
        />
      )}
    </div>
  );
}
