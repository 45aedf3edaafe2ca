import { describe, expect, it } from "vitest";
import type { StripView } from "$ui/views";
import { listed, medicalRooms, ringing, totals } from "../lists";

const call = (priority: string, rank: number, queuedAt: string, more = {}) => ({
  hidden: false,
  flow: "15",
  priority,
  rank,
  queuedAt,
  ...more,
});
const room = (name: string, frontOffice: string, more = {}) => ({
  name,
  frontOffice,
  mode: "manual",
  closed: false,
  waiting: 1,
  ...more,
});
const VIEW = {
  position: { id: "arm1" },
  rooms: {
    "15": room("15", "F01", { ringing: "r1", ringingAt: "arm2" }),
    Crise: room("Crise", "F01", { ringing: "r2", ringingAt: "arm1" }),
    MU: room("Urgentistes", "F02"),
    T2: room("T2", "F02", { closed: true }),
  },
  waiting: {
    MU: {
      late: call("P1", 2, "2026-11-22T10:05:00.000Z"),
      early: call("P1", 2, "2026-11-22T10:01:00.000Z", { checkDueSince: "2026-11-22T10:04:00.000Z" }),
      first: call("P0", 1, "2026-11-22T10:09:00.000Z"),
    },
  },
  parked: { early: { ...call("P1", 2, "2026-11-22T10:01:00.000Z", { by: "arm1" }), queue: "MU" } },
  alarms: { gone: { queue: "MU", priority: "P2", at: "2026-11-22T10:00:00.000Z", by: "arm1", hidden: true } },
} as unknown as StripView;

describe("the lists", () => {
  it("put the most urgent first, then who waits for longest, each once", () => {
    expect(listed(VIEW).map(({ id }) => id)).toEqual(["first", "early", "late"]);
  });

  it("say what is mine, and name the rooms", () => {
    expect(listed(VIEW)[1]).toMatchObject({ mine: true, room: "Urgentistes" });
  });

  it("show what rings at colleagues, not here", () => {
    expect(ringing(VIEW).map(({ id }) => id)).toEqual(["r1"]);
  });

  it("count calls and alarms", () => {
    expect(totals(VIEW)).toEqual({ listed: 3, worst: "P0", alarms: 2 });
    expect(totals(undefined)).toEqual({ listed: 0, worst: undefined, alarms: 0 });
  });

  it("park in open rooms of physicians only", () => {
    expect(medicalRooms(VIEW).map(({ queue }) => queue)).toEqual(["MU"]);
  });
});
