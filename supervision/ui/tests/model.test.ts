import { describe, expect, it } from "vitest";
import type { PositionState, WallboardView } from "$ui/views";
import { alarmsShown, columns, counts, longestWait, tiles } from "../model";

const NOW = Date.parse("2026-11-22T10:00:00Z");

function view(change: Partial<WallboardView["room"]>, positions: Record<string, [string, PositionState]> = {}) {
  const since = "2026-11-22T09:59:00Z";
  const shown = Object.entries(positions).map(([id, [name, state]]) => [
    id,
    { name, state, since, role: "arm" },
  ]);
  return {
    room: { queue: "15", waiting: 0, ready: 0, positions: 0, inProgress: 0, inSvi: 0, ...change },
    today: {
      date: "2026-11-22",
      presented: 0,
      answered: 0,
      abandoned: 0,
      overflowed: 0,
      aided: 0,
      aidAnswered: 0,
    },
    positions: Object.fromEntries(shown),
    platform: { switch: "up" },
  } as WallboardView;
}

describe("longestWait", () => {
  it.each([
    ["2026-11-22T09:59:31Z", "0:29", "calm"],
    ["2026-11-22T09:59:30Z", "0:30", "watch"],
    ["2026-11-22T09:59:00Z", "1:00", "alert"],
    ["2026-11-22T10:00:01Z", "0:00", "calm"],
  ])("since %s: %s, %s", (oldestQueuedAt, text, level) => {
    expect(longestWait(view({ waiting: 1, oldestQueuedAt }), NOW)).toEqual({ text, level });
  });
  it("is nothing when nobody waits", () => {
    expect(longestWait(view({ waiting: 0, oldestQueuedAt: "2026-11-22T09:00:00Z" }), NOW)).toBeUndefined();
    expect(longestWait(view({ waiting: 1 }), NOW)).toBeUndefined();
  });
});

describe("tiles", () => {
  const some = view(
    {},
    {
      arm1: ["Zoé", "paused"],
      arm2: ["Émile", "ready"],
      arm3: ["Denis", "ready"],
      arm4: ["Anne", "on_call"],
    },
  );
  it("go by state, then by name as the French sort it", () => {
    expect(tiles(some).map((tile) => tile.name)).toEqual(["Denis", "Émile", "Anne", "Zoé"]);
  });
  it("are counted by state", () => {
    expect(counts(some)).toEqual([
      { state: "ready", count: 2 },
      { state: "on_call", count: 1 },
      { state: "paused", count: 1 },
    ]);
  });
});

describe("columns", () => {
  it.each([
    [0, 4],
    [12, 4],
    [13, 6],
    [60, 9],
  ])("%i positions: %i", (count, wanted) => {
    expect(columns(count)).toBe(wanted);
  });
});

describe("alarmsShown", () => {
  const alarm = (kind: string, minute: number, severity: "warning" | "critical" = "warning") => {
    return { kind, severity, since: `2026-11-22T10:0${minute}:00Z` };
  };
  it("puts the gravest first, then the oldest, and no more than four", () => {
    const alarms = [
      alarm("flood", 3),
      alarm("lrm_away", 1),
      alarm("node_down", 9, "critical"),
      alarm("database_away", 2),
      alarm("stuck_states", 4),
    ];
    const shown = alarmsShown({ switch: "up", alarms }).map(({ kind }) => kind);
    expect(shown).toEqual(["node_down", "lrm_away", "database_away", "flood"]);
  });
  it("says the telephony's silence once", () => {
    const alarms = [alarm("switch_silent", 1, "critical")];
    expect(alarmsShown({ switch: "down", alarms })).toEqual([]);
    expect(alarmsShown({ switch: "up", alarms })).toHaveLength(1);
  });
});
