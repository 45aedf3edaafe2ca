import { describe, expect, it } from "vitest";
import type { HandCall } from "$ui/views";
import { rings } from "../bell";
import { deedOf } from "../deeds";
import type { Action, Situation } from "../model";
import { CALL, NOW, OFFER, situation, view } from "./situations";

const TALKS: HandCall = { ...CALL, heard: true, parties: {} };
const OFFERED = situation(view("offered", { offer: OFFER }));
const TALKING = situation(view("on_call", { calls: { c1: TALKS } }));
const HELD = situation(view("on_call", { calls: { c1: { ...TALKS, state: "held" } } }));

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
    ["ready", situation(view("wrap_up")), "ready", undefined],
    ["pause", situation(view("on_call", {}, { pausePending: "break" })), "ready", undefined],
  ];
  it.each(cases)("%s", (action, s, command, args) => {
    expect(deedOf(action, s)).toEqual(args ? { command, args } : { command });
  });

  it("nothing where a reason is asked for first, nor for the microphone", () => {
    expect(deedOf("pause", situation(view("ready")))).toBeUndefined();
    expect(deedOf("mute", TALKING)).toBeUndefined();
  });
});

describe("what rings", () => {
  it("an offer, with its line and the wait", () => {
    expect(rings(OFFERED, NOW)).toMatchObject({ id: "o1", soft: false });
    expect(rings(OFFERED, NOW)?.detail).toContain("0:23");
  });

  it("an offer beside a call, softly", () => {
    const beside = situation(view("on_call", { calls: { c1: TALKS }, offer: { ...OFFER, callId: "c2" } }));
    expect(rings(beside, NOW)).toMatchObject({ id: "o1", soft: true });
  });

  it("a call of the fallback", () => {
    const alone = situation(view("ready"), { coreLost: true, secours: { state: "ringing", since: NOW } });
    expect(rings(alone, NOW)?.id).toBe("secours");
  });

  it("nothing else", () => {
    expect(rings(TALKING, NOW)).toBeUndefined();
  });
});
