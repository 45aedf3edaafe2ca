/** What the wallboard shows, from the live view. Pure: `now` is an argument (server's time, ms). */

import { platformAlarms } from "$ui/alarms";
import { duration } from "$ui/format";
import type { Alarm, Platform, PositionState, WallboardPosition, WallboardView } from "$ui/views";

export type Level = "calm" | "watch" | "alert";

/** Waiting times (ms) from which the room must look, then act: those of the service levels QS30 and QS60. */
const WATCH_MS = 30_000;
const ALERT_MS = 60_000;

export interface LongestWait {
  text: string;
  level: Level;
}

/** How grave a wait in a room is (ms). */
export function levelOf(waited: number): Level {
  if (waited >= ALERT_MS) return "alert";
  return waited >= WATCH_MS ? "watch" : "calm";
}

/** The wait of the caller who has waited longest; undefined when nobody waits. */
export function longestWait(view: WallboardView, now: number): LongestWait | undefined {
  const oldest = view.room.oldestQueuedAt;
  if (view.room.waiting === 0 || oldest === undefined) return undefined;
  const waited = Math.max(0, now - Date.parse(oldest));
  return { text: duration(waited), level: levelOf(waited) };
}

/** The order in which states are shown: those who can take a call first. */
export const STATE_ORDER: readonly PositionState[] = [
  "ready",
  "offered",
  "on_call",
  "wrap_up",
  "paused",
  "unready",
];

export interface Tile extends WallboardPosition {
  id: string;
}

/** Positions by state, then by name. */
export function tiles(view: WallboardView): Tile[] {
  const all = Object.entries(view.positions ?? {}).map(([id, position]) => ({ ...position, id }));
  const rank = (tile: Tile) => STATE_ORDER.indexOf(tile.state);
  return all.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, "fr"));
}

/** How many positions are in each state; states nobody is in are left out. */
export function counts(view: WallboardView): { state: PositionState; count: number }[] {
  const all = Object.values(view.positions ?? {});
  return STATE_ORDER.map((state) => ({ state, count: all.filter((p) => p.state === state).length })).filter(
    ({ count }) => count > 0,
  );
}

/** Beyond this many positions the tiles keep only the name, the icon and the time. */
export const COMPACT_FROM = 13;

/** Columns of the grid of tiles that keep them as large as the wall allows. */
export function columns(count: number): number {
  if (count <= 12) return 4;
  return count <= 36 ? 6 : 9;
}

/** Alarms shown at a time: what is beyond them is less grave, or newer. */
const MOST_ALARMS = 4;

/** The alarms to show; the telephony's silence has a line of its own while it lasts. */
export function alarmsShown(platform: Platform | undefined): Alarm[] {
  const said = platform?.switch === "down";
  return platformAlarms(platform)
    .filter(({ kind }) => !(said && kind === "switch_silent"))
    .slice(0, MOST_ALARMS);
}
