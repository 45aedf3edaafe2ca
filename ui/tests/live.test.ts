import { describe, expect, it } from "vitest";
import {
  backOff,
  decode,
  hello,
  type Json,
  type LiveState,
  mergePatch,
  reduce,
  serverTime,
  syncClock,
} from "../live";

interface View {
  room: { waiting: number; oldestQueuedAt?: string };
  offer?: { id: string };
}

const NOW = "2026-11-22T10:00:00Z";

function snapshot(seq = 10): LiveState<View> {
  return reduce<View>({}, { type: "snapshot", epoch: "e1", seq, now: NOW, view: { room: { waiting: 1 } } });
}

describe("mergePatch (the table of RFC 7396, appendix A)", () => {
  const table: [Json, Json, Json][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  it.each(table)("%j patched by %j", (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it("leaves its arguments as they are", () => {
    const target = { a: { b: 1 } };
    mergePatch(target, { a: { c: 2 } });
    expect(target).toEqual({ a: { b: 1 } });
  });
});

describe("reduce", () => {
  it("takes a snapshot whole, whatever was there", () => {
    const before = reduce(snapshot(), { type: "change", seq: 11, event: "X", patch: { offer: { id: "o" } } });
    const after = reduce(before, {
      type: "snapshot",
      epoch: "e2",
      seq: 3,
      now: NOW,
      view: { room: { waiting: 9 } },
    });
    expect(after).toEqual({ view: { room: { waiting: 9 } }, epoch: "e2", seq: 3 });
  });

  it("applies changes in order and forgets what is absent", () => {
    let state = snapshot();
    state = reduce(state, { type: "change", seq: 12, event: "CallOffered", patch: { offer: { id: "o" } } });
    expect(state.view?.offer).toEqual({ id: "o" });
    state = reduce(state, { type: "change", seq: 13, event: "OfferWithdrawn", patch: { offer: null } });
    expect(state.view).toEqual({ room: { waiting: 1 } });
  });

  it("ignores a change already seen, or older", () => {
    let state = reduce(snapshot(), {
      type: "change",
      seq: 12,
      event: "CallQueued",
      patch: { room: { waiting: 2 } },
    });
    state = reduce(state, { type: "change", seq: 12, event: "CallQueued", patch: { room: { waiting: 7 } } });
    state = reduce(state, { type: "change", seq: 11, event: "CallEnded", patch: { room: { waiting: 0 } } });
    expect(state.view).toEqual({ room: { waiting: 2 } });
  });

  it("ignores changes before the first snapshot", () => {
    expect(reduce<View>({}, { type: "change", seq: 1, event: "X", patch: {} })).toEqual({});
  });

  it("keeps the same object for frames without a view", () => {
    const state = snapshot();
    expect(reduce(state, { type: "pong", now: NOW })).toBe(state);
    expect(reduce(state, { type: "resumed", seq: 10, now: NOW })).toBe(state);
  });
});

describe("hello", () => {
  it("asks for all at first", () => {
    expect(hello({})).toEqual({ type: "hello" });
  });
  it("resumes from the snapshot", () => {
    expect(hello(snapshot(10))).toEqual({ type: "hello", epoch: "e1", seq: 10 });
  });
  it("resumes from the last change", () => {
    const state = reduce(snapshot(10), { type: "change", seq: 14, event: "X", patch: {} });
    expect(hello(state)).toEqual({ type: "hello", epoch: "e1", seq: 14 });
  });
});

describe("decode", () => {
  it.each(["", "{", "[]", '"x"', '{"type":"future"}'])("gives nothing for %j", (text) => {
    expect(decode(text)).toBeUndefined();
  });
  it("reads a frame", () => {
    expect(decode('{"type":"bye","reason":"replaced"}')).toEqual({ type: "bye", reason: "replaced" });
  });
});

describe("backOff", () => {
  it.each([
    [0, 0, 125],
    [0, 1, 250],
    [1, 1, 500],
    [4, 1, 4000],
    [50, 1, 4000],
    [50, 0, 2000],
  ])("attempt %i, random %d: %i ms", (attempt, random, wait) => {
    expect(backOff(attempt, random)).toBe(wait);
  });
  it("stays under the longest wait asked for", () => {
    expect(backOff(50, 1, 1500)).toBe(1500);
  });
});

describe("clock", () => {
  it("follows the server, corrected by half the round trip", () => {
    const sync = syncClock(undefined, "2026-11-22T10:00:00.000Z", 5000, 40);
    expect(sync && serverTime(sync, 6000)).toBe(Date.parse("2026-11-22T10:00:01.020Z"));
  });
  it("does not flutter for a few milliseconds", () => {
    const sync = syncClock(undefined, "2026-11-22T10:00:00.000Z", 0, 10);
    expect(syncClock(sync, "2026-11-22T10:00:02.030Z", 2000, 10)).toBe(sync);
  });
  it("follows a real step", () => {
    const sync = syncClock(undefined, "2026-11-22T10:00:00.000Z", 0, 10);
    const next = syncClock(sync, "2026-11-22T10:00:05.000Z", 2000, 10);
    expect(next && serverTime(next, 2000)).toBe(Date.parse("2026-11-22T10:00:05.005Z"));
  });
  it("ignores what is not a time", () => {
    expect(syncClock(undefined, "soon", 0, 0)).toBeUndefined();
  });
});
