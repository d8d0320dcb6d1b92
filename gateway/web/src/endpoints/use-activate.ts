import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { endpointsQuery } from "@/api/queries";
import type { Endpoint } from "@/api/types";
import { toast } from "@/components/toast/toast-store";
import { changeChatSettings } from "@/lib/chat-settings";

/** Let an endpoint answer from now on, in conversations that have begun too. Never rejects: problems are shown. */
export function useActivate(): (endpoint: Pick<Endpoint, "id" | "name">) => Promise<void> {
  const queries = useQueryClient();
  return useCallback(
    async ({ id, name }) => {
      try {
        await api.activateEndpoint(id);
        // A model chosen in the chat before would go on answering in its place.
        changeChatSettings({ model: "" });
        queries.setQueryData(
          endpointsQuery.queryKey,
          (list) => list && { ...list, items: list.items.map((one) => ({ ...one, active: one.id === id })) },
        );
      } catch (error) {
        toast({ tone: "danger", title: `${name} was not made active`, detail: asProblem(error).message });
      }
      await queries.invalidateQueries({ queryKey: ["endpoints"] });
    },
    [queries],
  );
}
