/** What the strip shows and allows, from what it knows. Pure: `now` is an argument (server's time, ms). */

import { platformAlarms } from "$ui/alarms";
import type { RecordingPause } from "$ui/api";
import { countdown, duration, phoneNumber, spokenNumber } from "$ui/format";
import type { LinkStatus } from "$ui/live-connection";
import * as texts from "$ui/texts";
import type { Call, Offer, PauseReason, StripView, WhyUnrecorded } from "$ui/views";
import { isConference, mainCall, type OfferLook, offerLook, otherCall, parties, present } from "./calls";

/** The kept audio leg, as the page sees it. */
export type LegState = "closed" | "opening" | "open" | "no_microphone";

/** A call of the telephone fallback, which reaches the page by SIP, without the core. */
export interface SecoursCall {
  number?: string;
  state: "ringing" | "talking" | "held";
  /** Page's estimate of the server's time, ms. */
  since: number;
}

/** Everything the strip knows. */
export interface Situation {
  view: StripView | undefined;
  link: LinkStatus;
  /** The core has been away for long enough to say so. */
  coreLost: boolean;
  leg: LegState;
  registered: boolean;
  secours: SecoursCall | undefined;
  /** The agent wants no fallback calls; only used while the core is lost. */
  secoursPaused: boolean;
  secoursSince: number;
  muted: boolean;
  /** Call which the agent declared finished while the core was lost. */
  finishedCall: string | undefined;
}

/** One of the looks of the strip. */
export type Face =
  | "loading"
  | "unready"
  | "ready"
  | "offered"
  | "connecting"
  | "on_call"
  | "held"
  | "wrap_up"
  | "paused"
  | "secours_ready"
  | "secours_paused"
  | "secours_ringing"
  | "secours_on_call"
  | "secours_held";

export type Tone =
  | "ready"
  | "offered"
  | "offered-by"
  | "offered-all"
  | "on-call"
  | "wrap-up"
  | "paused"
  | "unready";

export interface StateShown {
  face: Face;
  tone: Tone;
  label: string;
  /** Second line: pause reason, cause of unreadiness, what comes next. */
  detail: string | undefined;
  /** Time shown, already written; counting down when `ending`. */
  time: string | undefined;
  ending: boolean;
}

/** The central call in progress, unless the agent declared it finished during an outage. */
export function currentCall(s: Situation): Call | undefined {
  const call = mainCall(s.view);
  return call !== undefined && call.id !== s.finishedCall ? call : undefined;
}

const SECOURS_FACES = { ringing: "secours_ringing", talking: "secours_on_call", held: "secours_held" } as const;

export function face(s: Situation): Face {
  if (s.secours) return SECOURS_FACES[s.secours.state];
  const call = currentCall(s);
  if (call) return call.state === "talking" ? "on_call" : call.state === "held" ? "held" : "connecting";
  if (s.coreLost) return s.secoursPaused ? "secours_paused" : "secours_ready";
  const position = s.view?.position;
  if (position === undefined) return "loading";
  if (s.view?.offer) return "offered";
  if (position.state === "on_call" || position.state === "offered") return "connecting";
  return position.state;
}

const TONES: Record<Face, Tone> = {
  loading: "paused",
  unready: "unready",
  ready: "ready",
  offered: "offered",
  connecting: "on-call",
  on_call: "on-call",
  held: "on-call",
  wrap_up: "wrap-up",
  paused: "paused",
  secours_ready: "ready",
  secours_paused: "paused",
  secours_ringing: "offered",
  secours_on_call: "on-call",
  secours_held: "on-call",
};

const LOOK_TONES: Record<Exclude<OfferLook, "room">, Tone> = {
  transfer: "offered-by",
  invite: "offered-by",
  internal: "offered-by",
  everybody: "offered-all",
};

function labelOf(s: Situation, shown: Face): string {
  const call = currentCall(s);
  const ours = shown === "connecting" && call && (call.kind === "outgoing" || call.kind === "internal");
  if (ours) return texts.calls.calling;
  return shown === "on_call" && isConference(call) && present(call).length > 1
    ? texts.calls.conference
    : LABELS[shown];
}

const LABELS: Record<Face, string> = {
  loading: texts.states.unready,
  unready: texts.states.unready,
  ready: texts.states.ready,
  offered: texts.strip.offered,
  connecting: texts.strip.connecting,
  on_call: texts.states.on_call,
  held: texts.strip.held,
  wrap_up: texts.states.wrap_up,
  paused: texts.states.paused,
  secours_ready: texts.states.ready,
  secours_paused: texts.states.paused,
  secours_ringing: texts.strip.offered,
  secours_on_call: texts.states.on_call,
  secours_held: texts.strip.held,
};

function pauseName(reason: PauseReason | undefined): string | undefined {
  return reason === undefined ? undefined : texts.pauseReasons[reason];
}

/** Why the position is not proven ready, the first cause in the order in which one would look. */
function unreadyCause(s: Situation): string {
  const causes = texts.strip.unreadyCauses;
  if (s.view?.phone) return s.view.phone.state === "failed" ? causes.phoneLost : causes.phone;
  if (s.leg === "no_microphone") return causes.microphone;
  if (s.view?.platform?.switch === "down") return causes.switch;
  if (s.leg !== "open") return causes.audio;
  return causes.waiting;
}

function detail(s: Situation, shown: Face): string | undefined {
  const position = s.view?.position;
  switch (shown) {
    case "loading":
      return texts.strip.unreadyCauses.core;
    case "unready":
      return unreadyCause(s);
    case "paused":
      return pauseName(position?.pauseReason);
    case "secours_ready":
    case "secours_paused":
    case "secours_ringing":
    case "secours_on_call":
    case "secours_held":
      return texts.strip.coreLostShort;
    case "on_call":
    case "held":
    case "wrap_up":
      if (s.coreLost) return texts.strip.coreLostShort;
      if (position?.pausePending) return texts.strip.pauseAfter(texts.pauseReasons[position.pausePending]);
      return undefined;
    default:
      return undefined;
  }
}

/** When the shown state began. */
function since(s: Situation, shown: Face): number | undefined {
  const call = currentCall(s);
  switch (shown) {
    case "loading":
    case "connecting":
      return undefined;
    case "secours_ready":
    case "secours_paused":
      return s.secoursSince;
    case "secours_ringing":
    case "secours_on_call":
    case "secours_held":
      return s.secours?.since;
    case "offered":
      return s.view?.offer && Date.parse(s.view.offer.queuedAt);
    case "on_call":
      return Date.parse(call?.answeredAt ?? s.view?.position.since ?? "");
    case "held":
      return Date.parse(call?.heldAt ?? call?.answeredAt ?? "");
    default:
      return Date.parse(s.view?.position.since ?? "");
  }
}

export function stateShown(s: Situation, now: number): StateShown {
  const shown = face(s);
  const until = shown === "wrap_up" ? s.view?.position.until : undefined;
  const start = since(s, shown);
  const counted = start === undefined || Number.isNaN(start) ? undefined : duration(now - start);
  const look = shown === "offered" && s.view?.offer ? offerLook(s.view.offer) : "room";
  return {
    face: shown,
    tone: look === "room" ? TONES[shown] : LOOK_TONES[look],
    label: look === "room" ? labelOf(s, shown) : texts.calls.offers[look],
    detail: detail(s, shown),
    time: until ? countdown(Date.parse(until) - now) : counted,
    ending: until !== undefined,
  };
}

export const ALL_ACTIONS = [
  "accept",
  "decline",
  "complete",
  "merge",
  "leave",
  "swap",
  "hold",
  "mute",
  "hang_up",
  "pause",
  "ready",
  "record",
] as const;
export type Action = (typeof ALL_ACTIONS)[number];

const WITH_CORE: Record<Face, readonly Action[]> = {
  loading: [],
  unready: ["pause"],
  ready: ["pause"],
  offered: ["accept", "decline"],
  connecting: [],
  on_call: ["hold", "mute", "hang_up", "pause"],
  held: ["hold", "mute", "hang_up", "pause"],
  wrap_up: ["ready", "pause"],
  paused: ["ready"],
  secours_ready: ["pause"],
  secours_paused: ["ready"],
  secours_ringing: ["accept", "decline"],
  secours_on_call: ["hold", "mute", "hang_up"],
  secours_held: ["hold", "mute", "hang_up"],
};

/** What the agent may do now, in the order of the buttons. */
export function actions(s: Situation): readonly Action[] {
  const shown = face(s);
  const call = currentCall(s);
  if (!call || shown.startsWith("secours")) return WITH_CORE[shown];
  // Without the core, a call goes on but cannot be held; the microphone and the end are the page's own.
  if (s.coreLost) return shown === "connecting" ? [] : ["mute", "hang_up"];
  return [
    ...(s.view?.offer ? (["accept", "decline"] as const) : []),
    ...(call.unrecorded ? (["record"] as const) : []),
    ...withCall(call, s.view),
  ];
}

/** What may be done with the call shown large, the last in the place of the former one of its kind. */
function withCall(call: Call, view: StripView | undefined): Action[] {
  const ours = call.kind === "outgoing" || call.kind === "internal";
  const other = otherCall(view);
  if (call.state === "connecting" || call.state === "ringing")
    return ours ? [...beside(call, other), "mute", "hang_up"] : [];
  if (other)
    return [...(rings(call) ? [] : (["complete", "merge"] as const)), "swap", "mute", "hang_up", "pause"];
  const several = present(call).length > 1;
  return [...(several ? (["leave"] as const) : []), "hold", "mute", "hang_up", "pause"];
}

/** What a call on hold allows while another rings: passing it on to who rings, unless everybody does. */
function beside(call: Call, other: Call | undefined): Action[] {
  if (!other) return [];
  const all = parties(call).some(({ id }) => id === "everybody");
  return all ? ["swap"] : ["complete", "swap"];
}

/** Whether somebody is still asked into it, and nobody is there yet. */
function rings(call: Call): boolean {
  return present(call).length === 0 && parties(call).length > 0;
}

/** An offer that comes during a call: it is shown beside, and rings softly. */
export function offerBeside(s: Situation): Offer | undefined {
  return currentCall(s) && !s.coreLost && !s.secours ? s.view?.offer : undefined;
}

/** Whether the command field has something to do: the core must be there, and the position ours. */
export function canReach(s: Situation): boolean {
  return !s.coreLost && s.link === "up" && s.view?.position !== undefined && !s.secours;
}

/** Whether the call heard may be passed on as it is. */
export function canPassOn(s: Situation): boolean {
  const call = currentCall(s);
  return canReach(s) && call?.state === "talking" && !isConference(call) && present(call).length < 2;
}

/** For what a moment of the call heard may be left out of its recording now; nothing: it may not. */
export function reasonsToPause(s: Situation, allowed: RecordingPause): readonly WhyUnrecorded[] {
  const call = currentCall(s);
  if (!canReach(s) || call?.state !== "talking" || call.unrecorded || call.kind === "internal") return [];
  return allowed.lines.length === 0 || allowed.lines.includes(call.line) ? allowed.reasons : [];
}

/** Whether a call of the fallback may ring here now: never during a call, nor beside another offer. */
export function takesSecours(s: Situation): boolean {
  if (s.secours || currentCall(s)) return false;
  if (s.coreLost) return !s.secoursPaused;
  const state = s.view?.position?.state;
  return state === undefined || state === "ready" || state === "unready";
}

export interface CallerShown {
  number: string;
  hidden: boolean;
  /** For screen readers. */
  spoken: string;
}

/** A caller's number as it is shown. */
export function caller(call: { number?: string; hidden?: boolean }): CallerShown {
  if (call.hidden || call.number === undefined || call.number === "") {
    return { number: texts.strip.hidden, hidden: true, spoken: texts.strip.hidden };
  }
  return { number: phoneNumber(call.number), hidden: false, spoken: spokenNumber(call.number) };
}

/** The line and the flow, without saying the same thing twice. */
export function lineName(call: { line: string; flow: string }): string {
  const line = call.line.startsWith("+") || call.line.length > 6 ? phoneNumber(call.line) : call.line;
  return call.flow && call.flow !== call.line ? `${line} · ${call.flow}` : line;
}

/** Share of the offer's time that is still to come, 1 → 0. */
export function offerLeft(deadline: string, shownAt: number, now: number): number {
  const end = Date.parse(deadline);
  const whole = Math.max(1, end - shownAt);
  return Math.min(1, Math.max(0, (end - now) / whole));
}

export type Health = "up" | "wait" | "down";

/** The three links a call needs. */
export function health(s: Situation): { audio: Health; core: Health; switch: Health } {
  const core = s.link === "up" ? "up" : s.coreLost ? "down" : "wait";
  const audio = s.leg === "open" ? "up" : s.leg === "opening" ? "wait" : "down";
  const told = s.view?.platform?.switch;
  // Without the core, the page's own registration says whether the telephone server is there.
  const known = core === "down" ? (s.registered ? "up" : "down") : (told ?? "wait");
  return { audio, core, switch: known };
}

export type Banner = "core_lost" | "leg_lost" | "switch_down" | "no_microphone" | "alarm";

/** The one thing that must be said across the strip, the gravest first. */
export function banner(s: Situation): Banner | undefined {
  if (s.leg === "no_microphone") return "no_microphone";
  if (s.coreLost) return "core_lost";
  if (s.view === undefined) return undefined;
  if (s.leg !== "open" && currentCall(s)) return "leg_lost";
  if (s.view.platform?.switch === "down") return "switch_down";
  return platformAlarms(s.view.platform).length > 0 ? "alarm" : undefined;
}

/** How long the longest waiting caller has waited; undefined when nobody waits. */
export function longestWait(view: StripView | undefined, now: number): string | undefined {
  const oldest = view?.room?.oldestQueuedAt;
  return view && view.room.waiting > 0 && oldest ? duration(now - Date.parse(oldest)) : undefined;
}
