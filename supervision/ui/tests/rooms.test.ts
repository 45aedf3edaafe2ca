import { describe, expect, it } from "vitest";
import type { WallboardRoom, WallboardView } from "$ui/views";
import { parkedRows, roomRows } from "../rooms";

const NOW = Date.parse("2026-11-22T10:00:00Z");
const at = (ago: number) => new Date(NOW - ago * 1000).toISOString();

function room(name: string, change: Partial<WallboardRoom> = {}): WallboardRoom {
  return { name, frontOffice: "F01", mode: "automatic", closed: false, waiting: 0, ready: 0, ...change };
}

const view = (change: Partial<WallboardView>) => change as WallboardView;

describe("roomRows", () => {
  it("shows where callers wait first, the longest wait before the others, then who is ready", () => {
    const rooms = {
      empty: room("empty"),
      ready: room("ready", { ready: 2 }),
      short: room("short", { waiting: 3, oldestQueuedAt: at(31) }),
      long: room("long", { waiting: 1, oldestQueuedAt: at(60) }),
    };
    const { rows, more } = roomRows(view({ rooms }), NOW);
    expect(rows.map(({ queue, wait, level }) => [queue, wait, level])).toEqual([
      ["long", "1:00", "alert"],
      ["short", "0:31", "watch"],
      ["ready", undefined, undefined],
      ["empty", undefined, undefined],
    ]);
    expect(more).toBe(0);
  });
  it("gives no level to the rooms of physicians, whose callers are watched one by one", () => {
    const rooms = { MU: room("MU", { frontOffice: "F02", waiting: 1, oldestQueuedAt: at(600) }) };
    expect(roomRows(view({ rooms }), NOW).rows[0]).toMatchObject({ wait: "10:00", level: undefined });
  });
  it("counts the rooms that have no place", () => {
    const rooms = Object.fromEntries([..."abcdefghi"].map((name) => [name, room(name)]));
    expect(roomRows(view({ rooms }), NOW)).toMatchObject({ more: 2 });
  });
  it("is empty before anything is known", () => {
    expect(roomRows(view({}), NOW)).toEqual({ rows: [], more: 0 });
  });
});

describe("parkedRows", () => {
  const call = (priority: "P0" | "P1" | "P2", rank: number, ago: number) => ({
    queue: "MU",
    priority,
    rank,
    queuedAt: at(ago),
  });
  it("shows who left, then who must be looked after, then by priority and wait", () => {
    const parked = {
      recent: call("P1", 2, 10),
      first: call("P1", 2, 80),
      urgent: call("P0", 1, 5),
      due: { ...call("P2", 4, 400), checkDueSince: at(65) },
    };
    const left = { gone: { queue: "ML", priority: "P2" as const, at: at(3) } };
    const { rows } = parkedRows(view({ parked, left }), NOW);
    expect(rows.map(({ id, kind, room, time, since }) => [id, kind, room, time, since])).toEqual([
      ["gone", "left", "ML", "0:03", undefined],
      ["due", "due", "MU", "6:40", "1:05"],
      ["urgent", "waits", "MU", "0:05", undefined],
      ["first", "waits", "MU", "1:20", undefined],
      ["recent", "waits", "MU", "0:10", undefined],
    ]);
  });
  it("counts those that have no place", () => {
    const parked = Object.fromEntries([..."abcdefgh"].map((id) => [id, call("P1", 2, 10)]));
    expect(parkedRows(view({ parked }), NOW)).toMatchObject({ more: 2 });
    expect(parkedRows(view({}), NOW)).toEqual({ rows: [], more: 0 });
  });
});
