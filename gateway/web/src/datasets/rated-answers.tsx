import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ThumbsUp } from "lucide-react";
import { useRef } from "react";
import { api } from "@/api/client";
import { ratingsQuery } from "@/api/queries";
import type { RatedDataset, Ratings } from "@/api/types";
import { Button } from "@/components/button/button";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { toast } from "@/components/toast/toast-store";
import { answers, suggestion } from "./suggestion";

function DatasetLink({ dataset: { id, name } }: { dataset: NonNullable<Ratings["dataset"]> }) {
  return (
    <Link
      to="/datasets/$datasetId"
      params={{ datasetId: id }}
      className="font-medium text-accent underline underline-offset-3"
    >
      {name}
    </Link>
  );
}

/** What the answers one rated are good for: a dataset, once there are enough of them. */
export function RatedAnswers() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const box = useRef<HTMLElement>(null);
  const { data } = useQuery(ratingsQuery);
  const make = useMutation({
    mutationFn: (body: RatedDataset) => api.createDatasetFromRatings(body),
    onSuccess: async ({ id, name, latest }) => {
      toast({
        tone: "success",
        title: `${name} is ready`,
        detail: `Version ${latest?.number} has ${answers(latest?.items ?? 0)}.`,
        action: { label: "Open", run: () => void navigate({ to: "/datasets/$datasetId", params: { datasetId: id } }) },
      });
      await Promise.all(
        [["ratings"], ["datasets"], ["dataset", id]].map((queryKey) => queries.invalidateQueries({ queryKey })),
      );
      // Its button goes; the keyboard stays here.
      box.current?.focus();
    },
  });
  if (data === undefined) return null;
  const next = suggestion(data);
  if (next.kind === "nothing") return null;
  const rated = `You have rated ${answers(data.good)} good.`;
  return (
    <section
      ref={box}
      tabIndex={-1}
      aria-label="Rated answers"
      className="grid grid-cols-1 gap-3 rounded-2xl border bg-surface p-4 shadow-card outline-none"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <ThumbsUp aria-hidden="true" className="size-4 shrink-0 text-accent" />
        <p className="min-w-0 grow basis-52 text-pretty wrap-anywhere">
          {next.kind === "more" && `${rated} ${next.missing} more make a dataset that a model can learn from.`}
          {next.kind === "make" && `${rated} That is enough for a model to learn from.`}
          {next.kind === "update" && (
            <>
              {rated} <DatasetLink dataset={next.dataset} /> was made of {next.dataset.good}.
            </>
          )}
          {next.kind === "made" && (
            <>
              {answers(next.dataset.good)} you rated good {next.dataset.good === 1 ? "is" : "are"} in{" "}
              <DatasetLink dataset={next.dataset} />.
            </>
          )}
        </p>
        {next.kind === "make" && (
          <Button look="primary" size="sm" busy={make.isPending} onClick={() => make.mutate({})}>
            Make a dataset from {data.good} rated answers
          </Button>
        )}
        {next.kind === "update" && (
          <Button
            size="sm"
            busy={make.isPending}
            onClick={() => make.mutate({ dataset_id: next.dataset.id, include: next.include })}
          >
            Make version {next.dataset.version + 1}
          </Button>
        )}
      </div>
      {make.isError && <ProblemNotice error={make.error} />}
    </section>
  );
}
