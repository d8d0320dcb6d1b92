import { describe, expect, it } from "vitest";
import type { Job } from "@/api/types";
import { mergeLive } from "./merge";
import type { LiveJob } from "./reducer";

const listed = (id: string, status = "completed") => ({ id, status, kind: "a.b" }) as Job;
const live = (id: string, status = "running") => ({ [id]: { id, status, kind: "a.b", progress: 0.5 } as LiveJob });
const all = () => true;

describe("mergeLive", () => {
  it("shows listed jobs in their live state, the newest first", () => {
    const jobs = mergeLive([listed("2", "pending"), listed("1")], { ...live("2"), ...live("3") }, all, false);
    expect(jobs.map((job) => [job.id, job.status])).toEqual([
      ["3", "running"],
      ["2", "running"],
      ["1", "completed"],
    ]);
  });

  it("holds back live jobs that belong to a page not loaded yet", () => {
    expect(mergeLive([listed("5")], live("4"), all, false).map((job) => job.id)).toEqual(["5"]);
    expect(mergeLive([listed("5")], live("4"), all, true).map((job) => job.id)).toEqual(["5", "4"]);
  });

  it("drops jobs that no longer match the filter", () => {
    const running = (job: LiveJob) => job.status === "running";
    expect(mergeLive([listed("2", "running")], live("2", "completed"), running, true)).toEqual([]);
  });
});
