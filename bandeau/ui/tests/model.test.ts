import { describe, expect, it } from "vitest";
import { urgency } from "$ui/priority";
import type { Call, StripView } from "$ui/views";
import {
  type Action,
  actions,
  banner,
  caller,
  type Face,
  face,
  health,
  lineName,
  longestWait,
  offerLeft,
  reasonsToPause,
  type Situation,
  stateShown,
  takesSecours,
} from "../model";
import { at, CALL, NOW, OFFER, situation, view } from "./situations";

const lost = { link: "down", coreLost: true } as const;
const ringing = { secours: { state: "ringing", since: NOW - 3000 } } as const;
const talking = { secours: { state: "talking", since: NOW - 3000 } } as const;

describe("what the strip shows and allows", () => {
  const table: [string, Situation, Face, Action[], string | undefined, string | undefined][] = [
    [
      "nothing known",
      situation(undefined, { link: "connecting" }),
      "loading",
      [],
      undefined,
      "Connexion à la salle…",
    ],
    ["ready", situation(view("ready")), "ready", ["pause"], "1:23", undefined],
    [
      "unready, leg opening",
      situation(view("unready"), { leg: "opening" }),
      "unready",
      ["pause"],
      "1:23",
      "Audio en cours d’ouverture…",
    ],
    [
      "unready, no microphone",
      situation(view("unready"), { leg: "no_microphone" }),
      "unready",
      ["pause"],
      "1:23",
      "Micro indisponible",
    ],
    [
      "unready, switch down",
      situation(view("unready", { platform: { switch: "down" } })),
      "unready",
      ["pause"],
      "1:23",
      "Téléphonie injoignable",
    ],
    ["unready, all good here", situation(view("unready")), "unready", ["pause"], "1:23", "Mise en service…"],
    [
      "offered",
      situation(view("offered", { offer: OFFER })),
      "offered",
      ["accept", "decline"],
      "0:23",
      undefined,
    ],
    ["accepted, not joined", situation(view("on_call")), "connecting", [], undefined, undefined],
    [
      "joining",
      situation(view("on_call", { call: { ...CALL, state: "connecting" } })),
      "connecting",
      [],
      undefined,
      undefined,
    ],
    [
      "talking",
      situation(view("on_call", { call: CALL })),
      "on_call",
      ["hold", "mute", "hang_up", "pause"],
      "1:00",
      undefined,
    ],
    [
      "held",
      situation(view("on_call", { call: { ...CALL, state: "held", heldAt: at(-9) } })),
      "held",
      ["hold", "mute", "hang_up", "pause"],
      "0:09",
      undefined,
    ],
    [
      "pause planned",
      situation(view("on_call", { call: CALL }, { pausePending: "meal" })),
      "on_call",
      ["hold", "mute", "hang_up", "pause"],
      "1:00",
      "Ensuite\u00a0: Repas",
    ],
    [
      "wrap-up",
      situation(view("wrap_up", {}, { until: at(11.5) })),
      "wrap_up",
      ["ready", "pause"],
      "0:12",
      undefined,
    ],
    [
      "paused",
      situation(view("paused", {}, { pauseReason: "no_answer" })),
      "paused",
      ["ready"],
      "1:23",
      "Sans réponse",
    ],
    ["core lost", situation(view("ready"), lost), "secours_ready", ["pause"], "0:05", "Mode secours"],
    [
      "core lost, paused",
      situation(view("paused"), { ...lost, secoursPaused: true }),
      "secours_paused",
      ["ready"],
      "0:05",
      "Mode secours",
    ],
    [
      "core lost in a call",
      situation(view("on_call", { call: CALL }), lost),
      "on_call",
      ["mute", "hang_up"],
      "1:00",
      "Mode secours",
    ],
    [
      "core lost, call declared finished",
      situation(view("on_call", { call: CALL }), { ...lost, finishedCall: "c1" }),
      "secours_ready",
      ["pause"],
      "0:05",
      "Mode secours",
    ],
    [
      "core lost before anything",
      situation(undefined, lost),
      "secours_ready",
      ["pause"],
      "0:05",
      "Mode secours",
    ],
    [
      "fallback rings",
      situation(view("ready"), { ...lost, ...ringing }),
      "secours_ringing",
      ["accept", "decline"],
      "0:03",
      "Mode secours",
    ],
    [
      "fallback rings, core there",
      situation(view("ready"), ringing),
      "secours_ringing",
      ["accept", "decline"],
      "0:03",
      "Mode secours",
    ],
    [
      "fallback call",
      situation(view("paused"), talking),
      "secours_on_call",
      ["hold", "mute", "hang_up"],
      "0:03",
      "Mode secours",
    ],
    [
      "fallback call on hold",
      situation(view("on_call"), { secours: { state: "held", since: NOW - 3000 } }),
      "secours_held",
      ["hold", "mute", "hang_up"],
      "0:03",
      "Mode secours",
    ],
  ];
  it.each(table)("%s", (_, known, shown, allowed, time, detail) => {
    expect(face(known)).toBe(shown);
    expect(actions(known)).toEqual(allowed);
    const state = stateShown(known, NOW);
    expect(state.time).toBe(time);
    expect(state.detail).toBe(detail);
    expect(state.label).not.toBe("");
  });
});

describe("a caller on hold while somebody else is rung", () => {
  const held = {
    ...CALL,
    state: "held",
    heard: false,
    parties: { caller: { state: "talking", muted: false } },
  };
  const rung = (party: string) => {
    const parties = { [party]: { state: "ringing", muted: false } };
    const asked = { ...CALL, id: "c2", kind: "internal", state: "ringing", heard: true, parties };
    return situation(view("on_call", { calls: { c1: held, c2: asked }, call: asked } as Partial<StripView>));
  };
  it("may be left to a colleague or a number that rings", () => {
    expect(actions(rung("arm2"))).toEqual(["complete", "swap", "mute", "hang_up"]);
  });
  it("may not be left to everybody", () => {
    expect(actions(rung("everybody"))).toEqual(["swap", "mute", "hang_up"]);
  });
});

describe("takesSecours", () => {
  const table: [string, Situation, boolean][] = [
    ["ready", situation(view("ready")), true],
    ["not proven ready", situation(view("unready")), true],
    ["nothing known yet", situation(undefined), true],
    ["offered", situation(view("offered", { offer: OFFER })), false],
    ["in a call", situation(view("on_call", { call: CALL })), false],
    ["in a call, core lost", situation(view("on_call", { call: CALL }), lost), false],
    [
      "call declared finished, core lost",
      situation(view("on_call", { call: CALL }), { ...lost, finishedCall: "c1" }),
      true,
    ],
    ["wrap-up", situation(view("wrap_up")), false],
    ["wrap-up, core lost", situation(view("wrap_up"), lost), true],
    ["paused", situation(view("paused")), false],
    ["paused by hand, core lost", situation(view("ready"), { ...lost, secoursPaused: true }), false],
    ["already one", situation(view("ready"), { ...lost, ...ringing }), false],
  ];
  it.each(table)("%s", (_, known, takes) => {
    expect(takesSecours(known)).toBe(takes);
  });
});

describe("banner: the gravest thing first", () => {
  const down = { platform: { switch: "down" } } as const;
  const alarm = { kind: "lrm_away", severity: "warning", since: "2026-11-22T10:00:00Z" } as const;
  const alarmed = (told: "up" | "down") => ({ platform: { switch: told, alarms: [alarm] } });
  const table: [string, Situation, string | undefined][] = [
    ["all well", situation(view("ready")), undefined],
    ["nothing known yet", situation(undefined), undefined],
    ["no microphone", situation(view("ready"), { ...lost, leg: "no_microphone" }), "no_microphone"],
    ["core lost", situation(view("ready", down), lost), "core_lost"],
    ["leg lost while idle", situation(view("ready"), { leg: "opening" }), undefined],
    ["leg lost in a call", situation(view("on_call", { call: CALL }), { leg: "opening" }), "leg_lost"],
    ["switch down", situation(view("ready", down)), "switch_down"],
    ["an alarm", situation(view("ready", alarmed("up"))), "alarm"],
    ["an alarm with the switch down", situation(view("ready", alarmed("down"))), "switch_down"],
    ["an alarm with the core lost", situation(view("ready", alarmed("up")), lost), "core_lost"],
  ];
  it.each(table)("%s", (_, known, wanted) => {
    expect(banner(known)).toBe(wanted);
  });
});

describe("health", () => {
  it.each([
    ["all up", situation(view("ready")), { audio: "up", core: "up", switch: "up" }],
    [
      "starting",
      situation(undefined, { link: "connecting", leg: "opening" }),
      { audio: "wait", core: "wait", switch: "wait" },
    ],
    ["core lost, registered", situation(view("ready"), lost), { audio: "up", core: "down", switch: "up" }],
    [
      "all lost",
      situation(view("ready"), { ...lost, registered: false, leg: "closed" }),
      { audio: "down", core: "down", switch: "down" },
    ],
  ] as const)("%s", (_, known, wanted) => {
    expect(health(known)).toEqual(wanted);
  });
});

describe("the caller", () => {
  const plain = (text: string) => text.replaceAll("\u00a0", " ");
  it("is shown by number, or as hidden", () => {
    expect(plain(caller(OFFER).number)).toBe("06 12 34 56 78");
    expect(caller({ hidden: true })).toMatchObject({ number: "Numéro masqué", hidden: true });
    expect(caller({ hidden: false })).toMatchObject({ number: "Numéro masqué", hidden: true });
    expect(caller({ hidden: true, number: "+33612345678" })).toMatchObject({ number: "Numéro masqué" });
  });
  it.each([
    ["15", "15", "15"],
    ["+33140506070", "112", "01 40 50 60 70 · 112"],
    ["15", "", "15"],
  ])("came by %s, %s: %s", (line, flow, name) => {
    expect(plain(lineName({ line, flow }))).toBe(name);
  });
  it.each([
    ["UV", "vital"],
    ["P0", "vital"],
    ["P1", "high"],
    ["P2", "usual"],
    ["Px", "usual"],
  ] as const)("priority %s is %s", (priority, wanted) => {
    expect(urgency(priority)).toBe(wanted);
  });
});

describe("offerLeft", () => {
  it.each([
    [0, 1],
    [5000, 0.5],
    [10_000, 0],
    [20_000, 0],
  ])("%i ms after it was shown: %d", (elapsed, left) => {
    expect(offerLeft(at(10), NOW, NOW + elapsed)).toBe(left);
  });
});

describe("longestWait", () => {
  it("counts, or is absent", () => {
    const room = { queue: "15", waiting: 2, oldestQueuedAt: at(-47), ready: 0, positions: 1, lost: 0 };
    expect(longestWait(view("ready", { room }), NOW)).toBe("0:47");
    expect(longestWait(view("ready"), NOW)).toBeUndefined();
    expect(longestWait(undefined, NOW)).toBeUndefined();
  });
});

describe("what may be left out of the recording", () => {
  const unrecorded = { until: at(30), reason: "code", by: "Camille" } as const;
  const talks = (change: Partial<Call> = {}) => situation(view("on_call", { call: { ...CALL, ...change } }));
  it.each([
    ["allowed", talks(), [], ["code"]],
    ["of that line", talks(), ["15"], ["code"]],
    ["of another line", talks(), ["112"], []],
    ["paused already", talks({ unrecorded }), [], []],
    ["on hold", talks({ state: "held" }), [], []],
    ["among colleagues", talks({ kind: "internal" }), [], []],
    ["no call", situation(view("ready")), [], []],
    ["no core", situation(view("on_call", { call: CALL }), lost), [], []],
  ] as [string, Situation, string[], string[]][])("%s", (_, known, lines, wanted) => {
    expect(reasonsToPause(known, { reasons: ["code"], lines })).toEqual(wanted);
  });
  it("is recorded again by an action, only while it is not", () => {
    expect(actions(talks({ unrecorded }))).toContain("record");
    expect(actions(talks())).not.toContain("record");
  });
});
