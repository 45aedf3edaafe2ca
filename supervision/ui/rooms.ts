/** The waiting rooms on the wall, and the callers left for a physician. Pure: `now` is an argument (server's time, ms). */

import { duration } from "$ui/format";
import type { Priority, WallboardView } from "$ui/views";
import { type Level, levelOf } from "./model";

/** Rooms shown at a time: the others are counted. */
const MOST_ROOMS = 7;
/** Callers shown at a time: the others are counted. */
const MOST_PARKED = 6;

export interface RoomRow {
  queue: string;
  name: string;
  closed: boolean;
  waiting: number;
  /** Positions ready to take its calls. */
  ready: number;
  /** How long the caller who came first has waited. */
  wait: string | undefined;
  /** Physicians choose whom they take: their callers have alarms of their own. */
  level: Level | undefined;
}

export interface Some<T> {
  rows: T[];
  /** How many are not shown. */
  more: number;
}

/** Where callers wait, the longest wait first; then where somebody is ready, as the plan orders them. */
export function roomRows(view: WallboardView, now: number): Some<RoomRow> {
  const waited = (oldest: string | undefined) => (oldest === undefined ? 0 : now - Date.parse(oldest));
  const rows = Object.entries(view.rooms ?? {})
    .map(([queue, room]) => ({ queue, room, ms: room.waiting > 0 ? waited(room.oldestQueuedAt) : -1 }))
    .sort((a, b) => b.ms - a.ms || Number(b.room.ready > 0) - Number(a.room.ready > 0))
    .map(({ queue, room, ms }) => ({
      queue,
      name: room.name,
      closed: room.closed,
      waiting: room.waiting,
      ready: room.ready,
      wait: ms < 0 ? undefined : duration(Math.max(0, ms)),
      level: ms < 0 || room.frontOffice === "F02" ? undefined : levelOf(ms),
    }));
  return some(rows, MOST_ROOMS);
}

export interface ParkedRow {
  id: string;
  /** `left`: hung up, and nobody has taken note; `due`: somebody must look after them. */
  kind: "left" | "due" | "waits";
  priority: Priority;
  /** Its name in idFlux, which is short. */
  room: string;
  /** Waited, or ago they left. */
  time: string;
  /** How long somebody should have looked after them. */
  since: string | undefined;
}

const KINDS: readonly ParkedRow["kind"][] = ["left", "due", "waits"];

/** Callers left for a physician: those to look after first, then by priority and wait. */
export function parkedRows(view: WallboardView, now: number): Some<ParkedRow> {
  const ago = (instant: string) => duration(Math.max(0, now - Date.parse(instant)));
  const waiting = Object.entries(view.parked ?? {}).map(([id, call]) => ({
    row: {
      id,
      kind: call.checkDueSince === undefined ? ("waits" as const) : ("due" as const),
      priority: call.priority,
      room: call.queue,
      time: ago(call.queuedAt),
      since: call.checkDueSince === undefined ? undefined : ago(call.checkDueSince),
    },
    rank: call.rank,
    at: call.queuedAt,
  }));
  const left = Object.entries(view.left ?? {}).map(([id, call]) => ({
    row: {
      id,
      kind: "left" as const,
      priority: call.priority,
      room: call.queue,
      time: ago(call.at),
      since: undefined,
    },
    rank: 0,
    at: call.at,
  }));
  const all = [...left, ...waiting].sort(
    (a, b) =>
      KINDS.indexOf(a.row.kind) - KINDS.indexOf(b.row.kind) || a.rank - b.rank || a.at.localeCompare(b.at),
  );
  return some(
    all.map(({ row }) => row),
    MOST_PARKED,
  );
}

function some<T>(all: T[], most: number): Some<T> {
  return { rows: all.slice(0, most), more: Math.max(0, all.length - most) };
}
