import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { useRef } from "react";
import { endpointsQuery } from "@/api/queries";
import type { Endpoint } from "@/api/types";
import { Button } from "@/components/button/button";
import { useActivate } from "@/endpoints/use-activate";

export function DoneStep({ created, onAnother }: { created: Endpoint; onAnother: () => void }) {
  const { data } = useQuery(endpointsQuery);
  const activate = useActivate();
  const words = useRef<HTMLDivElement>(null);
  const activation = useMutation({
    mutationFn: () => activate(created),
    // Its button goes; what has changed is read out.
    onSuccess: () => words.current?.focus(),
  });
  const active = data?.items.find((endpoint) => endpoint.active);
  const answers = (active?.id ?? "") === created.id;
  return (
    <>
      <div className="flex gap-3">
        <CircleCheck aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-success" />
        <div ref={words} tabIndex={-1} role="status" className="min-w-0 wrap-anywhere outline-none">
          <h2 className="font-semibold">{created.name} is added</h2>
          <p className="text-muted">
            {answers
              ? "It is the active one: it answers your chats from now on."
              : `${active?.name ?? "Another"} still answers your chats. You can switch at any time, in the bar above.`}
          </p>
        </div>
      </div>
      <div className="flex flex-wrap gap-2">
        {!answers && (
          <Button look="primary" busy={activation.isPending} onClick={() => activation.mutate()}>
            Make it the active one
          </Button>
        )}
        <Button asChild look={answers ? "primary" : "secondary"}>
          <Link to="/chat">Go to the chat</Link>
        </Button>
        <Button asChild>
          <Link to="/creator">Have code written</Link>
        </Button>
        <Button asChild>
          <Link to="/models">See all models</Link>
        </Button>
        <Button look="ghost" onClick={onAnother}>
          Add another
        </Button>
      </div>
    </>
  );
}
