import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { asProblem, Problem } from "@/api/problem";
import { Button } from "@/components/button/button";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";

/** What a page shows in its place when it breaks; the rest of the studio goes on. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const known = error instanceof Problem;
  return (
    <div className="mx-auto grid max-w-xl gap-4 px-4 py-16">
      <h1 className="font-serif text-3xl">This page ran into a problem</h1>
      <ProblemNotice error={asProblem(error)} />
      {!known && (
        <p className="text-muted">
          It is a fault of the page, not of your work: jobs go on and nothing was lost. Reloading usually helps, above
          all after an upgrade.
        </p>
      )}
      <div className="flex gap-2">
        <Button
          look="primary"
          onClick={() => {
            reset();
            void router.invalidate();
          }}
        >
          Try again
        </Button>
        <Button onClick={() => window.location.reload()}>Reload</Button>
      </div>
    </div>
  );
}
