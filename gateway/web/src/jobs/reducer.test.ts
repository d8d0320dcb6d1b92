import { describe, expect, it } from "vitest";
import type { Asset, Job } from "@/api/types";
import { type JobEvent, parseJobEvent } from "./events";
import { activeJobs, applyEvent, applySnapshot, EMPTY, type JobsState, resumePoint } from "./reducer";

const base = { job_id: "01A", time: "2026-01-01T00:00:00Z", kind: "diffusion.text_to_image" };
type Body<E> = E extends JobEvent ? Omit<E, "job_id" | "time" | "kind" | "seq"> : never;
const event = (seq: number, body: Body<JobEvent>, id = "01A") => ({ ...base, job_id: id, seq, ...body }) as JobEvent;
const play = (...events: JobEvent[]): JobsState => events.reduce(applyEvent, EMPTY);
const asset = (id: string, index: number) => ({ id, index, kind: "image" }) as Asset;
const job = (change: Partial<Job>): Job =>
  ({ ...applyEvent(EMPTY, event(1, { type: "queued" })).jobs["01A"], params: { prompt: "a cat" }, ...change }) as Job;

describe("applyEvent", () => {
  it("follows a job from queued to completed", () => {
    const running = play(
      event(10, { type: "queued", position: 2 }),
      event(11, { type: "started", worker: "w" }),
      event(12, { type: "progress", fraction: 0.4, stage: "sampling", step: 8, steps: 20, eta_s: 3 }),
      event(13, { type: "preview", image: "data:image/webp;base64,AA", index: 0 }),
    );
    expect(running.jobs["01A"]).toMatchObject({
      status: "running",
      position: null,
      progress: 0.4,
      step: 8,
      steps: 20,
      eta_s: 3,
      attempts: 1,
      previews: { 0: "data:image/webp;base64,AA" },
    });
    const done = [
      event(14, { type: "output", asset: asset("a1", 1) }),
      event(15, { type: "output", asset: asset("a0", 0) }),
      event(16, { type: "completed", duration_s: 1 }),
    ].reduce(applyEvent, running);
    expect(done.jobs["01A"]).toMatchObject({ status: "completed", progress: 1, previews: {}, eta_s: null });
    expect(done.jobs["01A"]?.outputs.map((output) => output.id)).toEqual(["a0", "a1"]);
  });

  it("ignores entries it has already applied", () => {
    const state = play(event(1, { type: "queued" }), event(2, { type: "started" }));
    expect(applyEvent(state, event(1, { type: "queued" }))).toBe(state);
  });

  it("keeps a job ended when a late worker still speaks", () => {
    const state = play(event(1, { type: "cancelled" }), event(2, { type: "progress", fraction: 0.5 }));
    expect(state.jobs["01A"]?.status).toBe("cancelled");
    expect(state.lastSeq).toBe(2);
  });

  it("starts over when a job is delivered again, without doubling its outputs", () => {
    const state = play(
      event(1, { type: "started", attempt: 1 }),
      event(2, { type: "progress", fraction: 0.7, step: 7, steps: 10 }),
      event(3, { type: "output", asset: asset("a0", 0) }),
      event(4, { type: "started", attempt: 2 }),
      event(5, { type: "output", asset: asset("a0", 0) }),
    );
    expect(state.jobs["01A"]).toMatchObject({ progress: 0, attempts: 2 });
    expect(state.jobs["01A"]?.outputs).toHaveLength(1);
  });

  it("forgets the oldest ended jobs but none under way", () => {
    let state = applyEvent(EMPTY, event(1, { type: "queued" }, "00-under-way"));
    for (let n = 0; n < 150; n += 1) {
      state = applyEvent(state, event(n + 2, { type: "completed" }, `10-${String(n).padStart(4, "0")}`));
    }
    expect(state.jobs["00-under-way"]).toBeDefined();
    expect(state.jobs["10-0000"]).toBeUndefined();
    expect(state.jobs["10-0149"]).toBeDefined();
    expect(Object.keys(state.jobs)).toHaveLength(101);
  });
});

describe("applySnapshot", () => {
  it("adds jobs it has not seen", () => {
    const state = applySnapshot(EMPTY, [job({ status: "running", progress: 0.3 })]);
    expect(state.jobs["01A"]).toMatchObject({ status: "running", progress: 0.3, loaded: true });
  });

  it("does not fall behind the journal, but takes the parameters", () => {
    const live = play(event(5, { type: "progress", fraction: 0.8 }));
    const state = applySnapshot(live, [job({ status: "running", progress: 0.2 })]);
    expect(state.jobs["01A"]).toMatchObject({ progress: 0.8, params: { prompt: "a cat" }, loaded: true });
  });

  it("takes from the catalog what events do not tell", () => {
    const live = play(event(5, { type: "queued" }), event(6, { type: "output", asset: asset("a1", 1) }));
    const state = applySnapshot(live, [job({ retry_of: "01Z", priority: 1, outputs: [asset("a0", 0)] })]);
    expect(state.jobs["01A"]).toMatchObject({ retry_of: "01Z", priority: 1 });
    expect(state.jobs["01A"]?.outputs.map((output) => output.id)).toEqual(["a0", "a1"]);
  });

  it("takes an end the journal has not shown", () => {
    const live = play(event(5, { type: "preview", image: "x" }));
    const state = applySnapshot(live, [job({ status: "completed", progress: 1 })]);
    expect(state.jobs["01A"]).toMatchObject({ status: "completed", previews: {} });
  });
});

describe("resumePoint", () => {
  it("is before the first entry of the oldest job under way", () => {
    const state = play(
      event(3, { type: "queued" }, "01A"),
      event(4, { type: "completed" }, "01A"),
      event(7, { type: "queued" }, "01B"),
      event(9, { type: "progress", fraction: 0.1 }, "01B"),
    );
    expect(resumePoint(state)).toBe(6);
    expect(activeJobs(state).map((live) => live.id)).toEqual(["01B"]);
  });

  it("is the last entry when nothing is under way", () => {
    expect(resumePoint(play(event(3, { type: "queued" }), event(8, { type: "completed" })))).toBe(8);
  });
});

describe("parseJobEvent", () => {
  it("reads known types and passes over the rest", () => {
    expect(parseJobEvent(JSON.stringify(event(1, { type: "queued" })))?.type).toBe("queued");
    expect(parseJobEvent('{"type":"hologram","job_id":"1","seq":2}')).toBeNull();
    expect(parseJobEvent("{")).toBeNull();
    expect(parseJobEvent("null")).toBeNull();
  });
});
