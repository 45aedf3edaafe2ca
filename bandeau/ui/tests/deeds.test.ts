import { describe, expect, it } from "vitest";
import type { HandCall, Offer, PositionState, StripView } from "$ui/views";
import { rings } from "../bell";
import { deedOf } from "../deeds";
import type { Action, Situation } from "../model";

const NOW = Date.parse("2026-11-22T10:05:00Z");
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();
const CALLER = {
  number: "+33612345678",
  hidden: false,
  line: "15",
  flow: "15",
  priority: "UV",
  queuedAt: at(-23),
} as const;
const OFFER: Offer = { ...CALLER, id: "o1", callId: "c2", deadline: at(15), kind: "distributed", why: "" };
const CALL: HandCall = { ...CALLER, id: "c1", state: "talking", answeredAt: at(-60), heard: true, parties: {} };

function situation(state: PositionState, change: Partial<StripView> = {}, position = {}): Situation {
  return {
    view: {
      agent: { id: "a", name: "Camille", role: "arm" },
      position: { id: "arm1", state, since: at(-83), muted: false, leg: true, ...position },
      room: { queue: "15", waiting: 0, ready: 1, positions: 2, lost: 0 },
      rooms: {},
      platform: { switch: "up" },
      ...change,
    },
    link: "up",
    coreLost: false,
    leg: "open",
    registered: true,
    secours: undefined,
    secoursPaused: false,
    secoursSince: NOW,
    muted: false,
    finishedCall: undefined,
  };
}

const OFFERED = situation("offered", { offer: OFFER });
const TALKING = situation("on_call", { calls: { c1: CALL } });
const HELD = situation("on_call", { calls: { c1: { ...CALL, state: "held" } } });

describe("what the core is asked for", () => {
  const cases: [Action, Situation, string, Record<string, string> | undefined][] = [
    ["accept", OFFERED, "accept_offer", { offerId: "o1" }],
    ["decline", OFFERED, "decline_offer", { offerId: "o1" }],
    ["hold", TALKING, "hold", undefined],
    ["hold", HELD, "resume", undefined],
    ["complete", TALKING, "complete_transfer", undefined],
    ["record", TALKING, "resume_recording", undefined],
    ["leave", TALKING, "leave_call", { callId: "c1" }],
    ["swap", TALKING, "swap", undefined],
    ["merge", TALKING, "merge", undefined],
    ["hang_up", TALKING, "hang_up", undefined],
    ["ready", situation("wrap_up"), "ready", undefined],
    ["pause", situation("on_call", {}, { pausePending: "break" }), "ready", undefined],
  ];
  it.each(cases)("%s", (action, s, command, args) => {
    expect(deedOf(action, s)).toEqual(args ? { command, args } : { command });
  });

  it("nothing where a reason is asked for first, nor for the microphone", () => {
    expect(deedOf("pause", situation("ready"))).toBeUndefined();
    expect(deedOf("mute", TALKING)).toBeUndefined();
  });
});

describe("what rings", () => {
  it("an offer, with its line and the wait", () => {
    expect(rings(OFFERED, NOW)).toMatchObject({ id: "o1", soft: false });
    expect(rings(OFFERED, NOW)?.detail).toContain("0:23");
  });

  it("an offer beside a call, softly", () => {
    const beside = situation("on_call", { calls: { c1: CALL }, offer: OFFER });
    expect(rings(beside, NOW)).toMatchObject({ id: "o1", soft: true });
  });

  it("a call of the fallback", () => {
    const alone: Situation = {
      ...situation("ready"),
      coreLost: true,
      secours: { state: "ringing", since: NOW },
    };
    expect(rings(alone, NOW)?.id).toBe("secours");
  });

  it("nothing else", () => {
    expect(rings(TALKING, NOW)).toBeUndefined();
  });
});
