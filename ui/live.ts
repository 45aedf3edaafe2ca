/**
 * The live screen protocol, without a socket: frames in, state out.
 *
 * A view arrives whole (`snapshot`), then by merge patches (`change`, RFC 7396). A screen gets at most one frame
 * for one event, so the last sequence number seen says exactly where it is; numbers of events that do not
 * concern this screen are missing from the sequence.
 */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export type ServerFrame =
  | { type: "snapshot"; epoch: string; seq: number; now: string; view: Json }
  | { type: "resumed"; seq: number; now: string }
  | { type: "change"; seq: number; event: string; patch: Json }
  | { type: "reply"; id: number; ok: true }
  | { type: "reply"; id: number; ok: false; code: string; message: string }
  | { type: "pong"; now: string }
  | { type: "bye"; reason: ByeReason };

export type ByeReason = "replaced" | "logged_out" | "restarting";

export type ClientFrame =
  | { type: "hello"; epoch?: string; seq?: number }
  | { type: "ping" }
  | { type: "command"; id: number; name: string; args: Record<string, Json> };

export interface LiveState<V> {
  view?: V;
  epoch?: string;
  /** Number of the last event seen. */
  seq?: number;
}

/** Apply an RFC 7396 merge patch; neither argument is changed. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
  const base = target !== null && typeof target === "object" && !Array.isArray(target) ? target : {};
  const merged: { [key: string]: Json } = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** The state after a frame. Frames that carry no view leave it as it is (the same object). */
export function reduce<V>(state: LiveState<V>, frame: ServerFrame): LiveState<V> {
  switch (frame.type) {
    case "snapshot":
      return { view: frame.view as V, epoch: frame.epoch, seq: frame.seq };
    case "change": {
      if (state.view === undefined || state.seq === undefined || frame.seq <= state.seq) return state;
      return { ...state, view: mergePatch(state.view as Json, frame.patch) as V, seq: frame.seq };
    }
    default:
      return state;
  }
}

/** The first frame of a connection: asks to resume when there is something to resume from. */
export function hello(state: LiveState<unknown>): ClientFrame {
  if (state.view === undefined || state.epoch === undefined || state.seq === undefined) {
    return { type: "hello" };
  }
  return { type: "hello", epoch: state.epoch, seq: state.seq };
}

const FRAME_TYPES = new Set(["snapshot", "resumed", "change", "reply", "pong", "bye"]);

/** Read a frame; undefined for one this page does not know (a newer server may send more). */
export function decode(text: string): ServerFrame | undefined {
  try {
    const frame = JSON.parse(text) as { type?: unknown };
    return typeof frame.type === "string" && FRAME_TYPES.has(frame.type) ? (frame as ServerFrame) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Milliseconds to wait before a reconnection attempt (0 = the first): doubling from 250 to `longest`, with up to half of it random so
 * that two thousand screens do not come back in one instant.
 */
export function backOff(attempt: number, random: number, longest = 4000): number {
  const full = Math.min(longest, 250 * 2 ** Math.min(attempt, 10));
  return Math.round(full / 2 + (full / 2) * random);
}

/** The server's time, from its last `now` and the page's own steady clock (ms). */
export interface ClockSync {
  server: number;
  local: number;
  roundTrip: number;
}

/** Take a new time signal into account; a better measured recent one is kept, to keep counters steady. */
export function syncClock(
  last: ClockSync | undefined,
  now: string,
  local: number,
  roundTrip: number,
): ClockSync | undefined {
  const server = Date.parse(now);
  if (Number.isNaN(server)) return last;
  const fresh = { server: server + roundTrip / 2, local, roundTrip };
  if (last === undefined) return fresh;
  const drift = Math.abs(serverTime(last, local) - fresh.server);
  return drift <= Math.max(50, roundTrip / 2) ? last : fresh;
}

/** The server's time (ms since 1970) at a local steady instant. */
export function serverTime(sync: ClockSync, local: number): number {
  return sync.server + (local - sync.local);
}
