import { describe, expect, it } from "vitest";
import {
  beside,
  following,
  inLoop,
  instantAt,
  looped,
  marks,
  pauseAt,
  sequenceAt,
  share,
  whole,
  zoomed,
} from "../timeline";
import type { Sequence } from "../types";

const sequence = (kind: Sequence["kind"], begins: number, ends: number): Sequence => ({
  kind,
  begins,
  ends,
  heard: ["caller"],
});
const CALL = [
  sequence("svi", 0, 6),
  sequence("waiting", 6, 20),
  sequence("talk", 20, 95),
  sequence("after", 95, 96),
];

describe("what is in sight", () => {
  it("goes from share to instant and back", () => {
    const sight = { begins: 10, ends: 30 };
    expect(share(sight, 15)).toBe(0.25);
    expect(instantAt(sight, share(sight, 22.5))).toBe(22.5);
  });

  it("zooms around an instant, which stays where it was", () => {
    const near = zoomed(whole(100), 100, 0.5, 30);
    expect(near.ends - near.begins).toBe(50);
    expect(share(near, 30)).toBeCloseTo(0.3);
  });

  it("never shows more than there is, nor less than 4 s", () => {
    expect(zoomed(whole(100), 100, 4, 30)).toEqual({ begins: 0, ends: 100 });
    const close = zoomed(whole(100), 100, 0.0001, 99.9);
    expect(close.ends - close.begins).toBe(4);
    expect(close.ends).toBeLessThanOrEqual(100);
    expect(zoomed(whole(2), 2, 0.5, 1)).toEqual(whole(2));
  });

  it("follows what is played", () => {
    const sight = { begins: 0, ends: 10 };
    expect(following(sight, 100, 5)).toBe(sight);
    expect(following(sight, 100, 10.5)).toEqual({ begins: 9.5, ends: 19.5 });
    expect(following(sight, 100, 99)).toEqual({ begins: 90, ends: 100 });
  });

  it("has few and round marks", () => {
    expect(marks({ begins: 0, ends: 100 }, 8)).toEqual([0, 15, 30, 45, 60, 75, 90]);
    expect(marks({ begins: 61, ends: 65 }, 8)).toEqual([61, 62, 63, 64, 65]);
    expect(marks({ begins: 0, ends: 20_000 }, 6).length).toBeLessThanOrEqual(7);
  });
});

describe("what lies where", () => {
  it("is the sequence that began last", () => {
    expect(sequenceAt(CALL, 5.9)?.kind).toBe("svi");
    expect(sequenceAt(CALL, 6)?.kind).toBe("waiting");
    expect(sequenceAt(CALL, 96)).toBeUndefined();
  });

  it("is a pause, its end not included", () => {
    const pauses = [{ begins: 30, ends: 40, by: "", reason: "" }];
    expect(pauseAt(pauses, 30)).toBe(pauses[0]);
    expect(pauseAt(pauses, 40)).toBeUndefined();
  });

  it("is beside another", () => {
    expect(beside(CALL, 7, false)).toBe(20);
    expect(beside(CALL, 95, false)).toBeUndefined();
    expect(beside(CALL, 50, true)).toBe(20);
    expect(beside(CALL, 20.5, true)).toBe(6);
    expect(beside(CALL, 0, true)).toBeUndefined();
  });
});

describe("a loop", () => {
  it("needs both ends, in any order", () => {
    expect(looped({}, "b", 8)).toEqual({ b: 8 });
    expect(looped({ b: 8 }, "a", 12)).toEqual({ a: 8, b: 12 });
    expect(looped({ a: 2, b: 8 }, "b", 1)).toEqual({ a: 1, b: 2 });
  });

  it("goes back to its start at its end", () => {
    expect(inLoop({ a: 2, b: 8 }, 7.9)).toBe(7.9);
    expect(inLoop({ a: 2, b: 8 }, 8.02)).toBe(2);
    expect(inLoop({ a: 2 }, 9)).toBe(9);
    expect(inLoop({ a: 2, b: 2 }, 9)).toBe(9);
  });
});
