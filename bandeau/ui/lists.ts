/** Callers who wait and whom an agent may choose, and the alarms about them. Pure: `now` is an argument (ms). */

import type { ParkedAlarm, Priority, StripView, WaitingCall } from "$ui/views";

export interface Listed extends WaitingCall {
  id: string;
  queue: string;
  room: string;
  /** This position put it there. */
  mine: boolean;
}

/** Every caller in the lists of this agent, most urgent first, then who waits for longest. */
export function listed(view: StripView | undefined): Listed[] {
  const found = new Map<string, Listed>();
  const add = (id: string, queue: string, call: WaitingCall) => {
    const mine = view?.parked?.[id] !== undefined;
    found.set(id, { ...call, id, queue, room: view?.rooms?.[queue]?.name ?? queue, mine });
  };
  for (const [queue, calls] of Object.entries(view?.waiting ?? {}))
    for (const [id, call] of Object.entries(calls)) add(id, queue, call);
  for (const [id, call] of Object.entries(view?.parked ?? {})) if (!found.has(id)) add(id, call.queue, call);
  return [...found.values()].sort(
    (a, b) => a.rank - b.rank || a.queuedAt.localeCompare(b.queuedAt) || a.id.localeCompare(b.id),
  );
}

export interface Ringing {
  id: string;
  queue: string;
  room: string;
  /** The position at which it rings. */
  at: string;
}

/** Calls that ring at colleagues: they may be picked up. */
export function ringing(view: StripView | undefined): Ringing[] {
  return Object.entries(view?.rooms ?? {}).flatMap(([queue, room]) =>
    room.ringing && room.ringingAt && room.ringingAt !== view?.position.id
      ? [{ id: room.ringing, queue, room: room.name, at: room.ringingAt }]
      : [],
  );
}

export interface Alarm extends ParkedAlarm {
  id: string;
  room: string;
}

/** Parked callers who hung up, the latest first. */
export function alarms(view: StripView | undefined): Alarm[] {
  return Object.entries(view?.alarms ?? {})
    .map(([id, alarm]) => ({ ...alarm, id, room: view?.rooms?.[alarm.queue]?.name ?? alarm.queue }))
    .sort((a, b) => b.at.localeCompare(a.at));
}

export interface Totals {
  /** Callers in the lists of this agent. */
  listed: number;
  /** The most urgent of them. */
  worst: Priority | undefined;
  /** Callers to look after now, and parked callers who left. */
  alarms: number;
}

export function totals(view: StripView | undefined): Totals {
  const calls = listed(view);
  return {
    listed: calls.length,
    worst: calls[0]?.priority,
    alarms: alarms(view).length + calls.filter((call) => call.checkDueSince !== undefined).length,
  };
}

export interface MedicalRoom {
  queue: string;
  name: string;
  waiting: number;
}

/** Rooms of the physicians, where a caller may be parked. */
export function medicalRooms(view: StripView | undefined): MedicalRoom[] {
  return Object.entries(view?.rooms ?? {})
    .filter(([, room]) => room.frontOffice === "F02" && !room.closed)
    .map(([queue, room]) => ({ queue, name: room.name, waiting: room.waiting }));
}

/** Priorities that may be given to somebody who waits for a physician, with the key of each. */
export const MEDICAL_PRIORITIES = [
  ["0", "P0"],
  ["1", "P1"],
  ["2", "P2"],
  ["3", "P3"],
  ["4", "NR"],
] as const satisfies readonly (readonly [string, Priority])[];
