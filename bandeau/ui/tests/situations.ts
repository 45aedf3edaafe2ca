/** A strip in a given situation, for the tests of what it decides. */

import type { Call, Offer, PositionState, StripView } from "$ui/views";
import type { Situation } from "../model";

export const NOW = Date.parse("2026-11-22T10:05:00Z");
export const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

const CALLER = {
  number: "+33612345678",
  hidden: false,
  line: "15",
  flow: "15",
  priority: "UV",
  queuedAt: at(-23),
} as const;
export const OFFER: Offer = {
  ...CALLER,
  id: "o1",
  callId: "c1",
  deadline: at(15),
  kind: "distributed",
  why: "",
};
export const CALL: Call = { ...CALLER, id: "c1", state: "talking", answeredAt: at(-60) };

export function view(state: PositionState, change: Partial<StripView> = {}, position = {}): StripView {
  return {
    agent: { id: "a", name: "Camille", role: "arm" },
    position: { id: "arm1", state, since: at(-83), muted: false, leg: true, ...position },
    room: { queue: "15", waiting: 0, ready: 1, positions: 2, lost: 0 },
    rooms: {},
    platform: { switch: "up" },
    ...change,
  };
}

export function situation(shown: StripView | undefined, change: Partial<Situation> = {}): Situation {
  return {
    view: shown,
    link: "up",
    coreLost: false,
    leg: "open",
    registered: true,
    secours: undefined,
    secoursPaused: false,
    secoursSince: NOW - 5000,
    muted: false,
    finishedCall: undefined,
    ...change,
  };
}
