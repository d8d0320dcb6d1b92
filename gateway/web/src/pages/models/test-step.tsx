import { useQuery } from "@tanstack/react-query";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Select } from "@/components/select/select";
import { Spinner } from "@/components/spinner/spinner";
import type { StepProps } from "./address-step";
import { afterTest, answers, tried } from "./drafts";
import { TestResult } from "./test-result";

const FIRST = "(first)";

/** Asks the endpoint for its models as soon as it is shown. */
export function TestStep({ draft, onChange, onBack, onNext }: StepProps & { onNext: () => void }) {
  const request = tried(draft);
  const query = useQuery({
    // The key stays out of the cache's key; whoever changes it comes here anew.
    queryKey: ["endpoint-test", request.kind, request.base_url],
    queryFn: () => api.tryEndpoint(request),
    gcTime: 0,
    staleTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  });
  const test = query.isFetching ? undefined : query.data;
  const works = test !== undefined && answers(test);
  // What the gateway refuses to ask at all would also be refused as an endpoint.
  const refused = query.isError && !query.isFetching && asProblem(query.error).status === 422;
  const found = works ? afterTest(draft, test) : draft;
  const next = () => {
    onChange(found);
    onNext();
  };
  return (
    <>
      <h2 className="font-semibold">Does it answer?</h2>
      {query.isFetching && (
        <p role="status" className="flex items-center gap-2 text-muted">
          <Spinner />
          <span className="min-w-0 break-all">Asking {draft.address} for its models…</span>
        </p>
      )}
      {query.isError && !query.isFetching && <ProblemNotice error={query.error} />}
      {test && <TestResult test={test} />}
      {works && found.address !== draft.address.trim() && (
        <p className="text-muted">
          It answers at <span className="break-all text-foreground">{found.address}</span>, so that address is kept.
        </p>
      )}
      {works && test.models.length > 0 && (
        <Field label="Model" hint="The one it is asked for unless a chat names another.">
          {(control) => (
            <Select
              {...control}
              value={found.model || FIRST}
              onChange={(model) => onChange({ ...draft, model: model === FIRST ? "" : model })}
              choices={[
                { value: FIRST, label: "The first it lists", note: test.models[0]?.id },
                ...test.models.map((model) => ({ value: model.id, label: model.id })),
              ]}
            />
          )}
        </Field>
      )}
      <div className="flex flex-wrap justify-between gap-2">
        <Button onClick={onBack}>Back</Button>
        <div className="flex flex-wrap gap-2">
          {!query.isFetching && !works && <Button onClick={() => void query.refetch()}>Test again</Button>}
          {works ? (
            <Button look="primary" onClick={next}>
              Continue
            </Button>
          ) : (
            !refused && (
              <Button onClick={next} disabled={query.isFetching}>
                Go on anyway
              </Button>
            )
          )}
        </div>
      </div>
    </>
  );
}
