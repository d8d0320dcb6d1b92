import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { assetQuery, assetsQuery } from "@/api/queries";
import type { AssetBulk, AssetOutcome } from "@/api/types";
import { toast } from "@/components/toast/toast-store";
import type { AssetsSearch } from "@/router";
import { filterOf } from "./filter";

/** The assets an address names, part by part, and the one it leads to if that is not among them. */
export function useLibrary(search: AssetsSearch) {
  const openId = search.asset;
  const query = useInfiniteQuery({ ...assetsQuery(filterOf(search)), placeholderData: (previous) => previous });
  const assets = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const listed = openId === undefined || assets.some((asset) => asset.id === openId);
  const linked = useQuery({ ...assetQuery(openId ?? ""), enabled: !listed && query.isSuccess });
  const shown = useMemo(
    () => (listed || linked.data === undefined ? assets : [linked.data, ...assets]),
    [listed, linked.data, assets],
  );
  return { query, assets, shown, linkedError: !listed && linked.isError ? linked.error : null };
}

/** Give the returned ref to something at the end of a list: coming near it, more is fetched. */
export function useMore(hasMore: boolean, busy: boolean, fetchMore: () => void) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const mark = end.current;
    if (mark === null || !hasMore || busy) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && fetchMore(), {
      rootMargin: "600px",
    });
    observer.observe(mark);
    return () => observer.disconnect();
  }, [hasMore, busy, fetchMore]);
  return end;
}

const MOST_AT_ONCE = 1000;

/** Everything that shows assets is asked for anew. */
export function useRefresh() {
  const queries = useQueryClient();
  return useCallback(
    () =>
      Promise.all(
        [["assets"], ["asset"], ["boards"], ["jobs"]].map((queryKey) => queries.invalidateQueries({ queryKey })),
      ),
    [queries],
  );
}

/** Do something to many assets; says what came of it, and returns whether all went well. */
export function useBulk() {
  const refresh = useRefresh();
  return useCallback(
    async (ids: readonly string[], change: Omit<AssetBulk, "ids">, said: (count: number) => string): Promise<boolean> => {
      const outcomes: AssetOutcome[] = [];
      try {
        for (let start = 0; start < ids.length; start += MOST_AT_ONCE) {
          const part = await api.changeAssets({ ...change, ids: ids.slice(start, start + MOST_AT_ONCE) });
          outcomes.push(...part.items);
        }
      } catch (error) {
        const problem = asProblem(error);
        toast({ tone: "danger", title: "That did not work", detail: problem.message });
      }
      await refresh();
      const refused = outcomes.filter(({ outcome }) => outcome === "refused" || outcome === "not_found");
      const done = outcomes.filter(({ outcome }) => outcome === "done").length;
      if (done > 0) toast({ tone: "success", title: said(done) });
      else if (refused.length === 0 && outcomes.length > 0) toast({ tone: "neutral", title: "Nothing had to be changed" });
      if (refused.length > 0) {
        toast({ tone: "danger", title: `${refused.length} left as they were`, detail: refused[0]?.detail ?? "" });
      }
      return outcomes.length === ids.length && refused.length === 0;
    },
    [refresh],
  );
}

/** "1 asset", "3 assets". */
export function counted(count: number): string {
  return count === 1 ? "1 asset" : `${count} assets`;
}
