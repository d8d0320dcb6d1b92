import { describe, expect, it } from "vitest";
import type { Message } from "@/api/types";
import { branch, choose, followNewest } from "./tree";

const message = (id: string, parent: string | null) => ({ id, parent_id: parent, content: id }) as Message;
// 1 ─ 2 ─ 4        two answers to 1, the conversation went on below each; 6 is an edit of 1.
//   └ 3 ─ 5
// 6
const tree = [message("1", null), message("2", "1"), message("3", "1"), message("4", "2"), message("5", "3")];
const edited = [...tree, message("6", null)];
const ids = (points: ReturnType<typeof branch>) => points.map((point) => point.message.id);

describe("branch", () => {
  it("follows the newest branch where nothing was chosen", () => {
    expect(ids(branch(tree, {}))).toEqual(["1", "3", "5"]);
    expect(ids(branch(edited, {}))).toEqual(["6"]);
  });

  it("follows choices all the way down", () => {
    expect(ids(branch(edited, { "": "1", "1": "2" }))).toEqual(["1", "2", "4"]);
  });

  it("says where each message stands among its siblings", () => {
    expect(branch(tree, {})[1]).toMatchObject({ index: 1, siblings: ["2", "3"] });
  });

  it("passes over a choice that no longer exists and keeps orphans in sight", () => {
    expect(ids(branch(tree, { "1": "gone" }))).toEqual(["1", "3", "5"]);
    expect(ids(branch([message("9", "gone")], {}))).toEqual(["9"]);
  });

  it("is empty without messages", () => {
    expect(branch([], {})).toEqual([]);
  });
});

describe("choose", () => {
  it("moves between siblings and stops at the ends", () => {
    const point = branch(tree, {})[1];
    if (point === undefined) throw new Error("no such point");
    expect(ids(branch(tree, choose({}, point, -1)))).toEqual(["1", "2", "4"]);
    expect(choose({}, point, 1)).toEqual({ "1": "3" });
  });
});

describe("followNewest", () => {
  it("forgets the choice below one parent only", () => {
    expect(followNewest({ "": "1", "1": "2" }, "1")).toEqual({ "": "1" });
    expect(followNewest({ "": "1", "1": "2" }, null)).toEqual({ "1": "2" });
  });
});
