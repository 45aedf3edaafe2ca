import { beforeEach, describe, expect, it, vi } from "vitest";
import { checkedToday, forgetShift, inProgress, rememberAlive, rememberCheck, rememberStart } from "../shift";

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
}

const NOON = Date.parse("2026-11-22T11:00:00Z");

beforeEach(() => {
  vi.stubGlobal("localStorage", storage());
  vi.stubGlobal("sessionStorage", storage());
});

describe("the check of the day", () => {
  it("counts for the same agent until midnight in Paris", () => {
    rememberCheck("a", NOON);
    expect(checkedToday("a", NOON + 3_600_000)).toBe(NOON);
    expect(checkedToday("b", NOON)).toBeUndefined();
    expect(checkedToday("a", Date.parse("2026-11-22T22:59:59Z"))).toBe(NOON);
    expect(checkedToday("a", Date.parse("2026-11-22T23:00:00Z"))).toBeUndefined();
  });
  it("survives garbage", () => {
    localStorage.setItem("bandeau15.check", "{");
    expect(checkedToday("a", NOON)).toBeUndefined();
  });
});

describe("a shift in progress", () => {
  it("is one started in this window", () => {
    rememberStart("a");
    expect(inProgress("a", NOON)).toBe(true);
    expect(inProgress("b", NOON)).toBe(false);
  });
  it("is one lost a moment ago in another window", () => {
    rememberAlive("a", NOON);
    expect(inProgress("a", NOON + 119_000)).toBe(true);
    expect(inProgress("a", NOON + 121_000)).toBe(false);
    expect(inProgress("a", NOON - 1)).toBe(false);
  });
  it("ends when the agent leaves", () => {
    rememberStart("a");
    rememberAlive("a", NOON);
    forgetShift();
    expect(inProgress("a", NOON)).toBe(false);
  });
});
