import { describe, expect, it } from "vitest";
import type { DeskItem, DeskView } from "$ui/views";
import { age, chosenAfter, grouped, moved, ordered, ratio, rights, type Shown } from "../model";

const NOW = Date.parse("2026-11-22T10:00:00Z");

function item(change: Partial<DeskItem> = {}): DeskItem {
  return {
    group: "call",
    number: "+33199000001",
    line: "15",
    flow: "15",
    priority: "Px",
    place: "queue",
    waited: 61,
    firstLostAt: "2026-11-22T09:55:00.000Z",
    lastLostAt: "2026-11-22T09:55:00.000Z",
    losses: 1,
    attempts: 0,
    onLine: false,
    beingCalled: false,
    notes: {},
    ...change,
  };
}

function view(items: Record<string, DeskItem>): DeskView {
  return { items, figures: {} as DeskView["figures"] };
}

const ids = (items: readonly Shown[]) => items.map(({ id }) => id);

describe("ordered", () => {
  it("goes by group, faults of ours, priority, age, then id", () => {
    const shown = ordered(
      view({
        hidden: item({ group: "hidden", priority: "UV" }),
        short: item({ group: "short", priority: "UV" }),
        late: item({ firstLostAt: "2026-11-22T09:59:00.000Z" }),
        b: item(),
        a: item(),
        vital: item({ priority: "UV", firstLostAt: "2026-11-22T09:59:30.000Z" }),
        p1: item({ priority: "P1" }),
        cut: item({ cut: true, lastAgent: "Camille Martin" }),
      }),
    );
    expect(ids(shown)).toEqual(["cut", "vital", "p1", "a", "b", "late", "short", "hidden"]);
    expect(grouped(shown).map(({ group, items }) => [group, items.length])).toEqual([
      ["call", 6],
      ["short", 1],
      ["hidden", 1],
    ]);
  });
  it("is empty without a view", () => {
    expect(ordered(undefined)).toEqual([]);
  });
});

describe("the choice", () => {
  const list = (...names: string[]) => names.map((id) => ({ ...item(), id }));
  it.each([
    ["stays when others come", ["a", "b"], ["new", "a", "b"], "b", "b"],
    ["takes the place of what is gone", ["a", "b", "c"], ["a", "c"], "b", "c"],
    ["takes the last when the last is gone", ["a", "b"], ["a"], "b", "a"],
    ["begins with the first", [], ["a", "b"], undefined, "a"],
    ["is nothing in an empty list", ["a"], [], "a", undefined],
  ])("%s", (_, before, after, chosen, wanted) => {
    expect(chosenAfter(list(...before), list(...after), chosen)).toBe(wanted);
  });
  it.each([
    ["a", 1, "b"],
    ["a", -1, "a"],
    ["c", 1, "c"],
    ["b", -9, "a"],
    ["gone", 1, "a"],
    [undefined, 1, "a"],
  ])("from %s by %i: %s", (chosen, by, wanted) => {
    expect(moved(list("a", "b", "c"), chosen, by)).toBe(wanted);
  });
});

describe("rights", () => {
  const owner = { position: "arm2", agent: "2", name: "Dominique" };
  it.each([
    [{}, false, { work: true, callBack: true }],
    [{ owner }, false, { work: false, callBack: false }],
    [{ owner }, true, { work: true, callBack: true }],
    [{ owner: { ...owner, agent: "1" } }, false, { work: true, callBack: true }],
    [{ onLine: true }, false, { work: true, callBack: false }],
    [{ beingCalled: true }, false, { work: true, callBack: false }],
  ])("%j, supervisor %s", (change, supervisor, wanted) => {
    expect(rights(item(change), "1", supervisor)).toEqual(wanted);
  });
  it("a hidden number is never called back", () => {
    const { number: _, ...hidden } = item({ group: "hidden" });
    expect(rights(hidden, "1", true)).toEqual({ work: true, callBack: false });
  });
});

describe("figures", () => {
  it("age counts from the first loss, never below zero", () => {
    expect(age(item(), NOW)).toBe(300_000);
    expect(age(item({ firstLostAt: "2026-11-22T10:00:01.000Z" }), NOW)).toBe(0);
  });
  it.each([
    [0, 0, undefined],
    [2, 3, 67],
    [3, 3, 100],
  ])("%i of %i called back: %s %", (called, toCall, wanted) => {
    expect(ratio({ called, toCall } as DeskView["figures"])).toBe(wanted);
  });
});
