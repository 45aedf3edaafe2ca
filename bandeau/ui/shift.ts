/** What this machine remembers of the agent's shift: the last successful check, and whether a strip is in use. */

import { isoDay } from "$ui/format";

const CHECK = "bandeau15.check";
const STARTED = "bandeau15.started";
const ALIVE = "bandeau15.alive";
/** A strip seen this recently was left by accident (crash, closed tab): the check would only delay the agent. */
const RECENT_MS = 120_000;

interface Mark {
  agent: string;
  at: number;
}

function read(key: string): Mark | undefined {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") ?? undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function write(key: string, agent: string, at: number): void {
  localStorage.setItem(key, JSON.stringify({ agent, at } satisfies Mark));
}

/** When the check succeeded today for this agent on this machine; undefined if it did not. */
export function checkedToday(agent: string, now: number): number | undefined {
  const mark = read(CHECK);
  return mark?.agent === agent && isoDay(mark.at) === isoDay(now) ? mark.at : undefined;
}

export function rememberCheck(agent: string, now: number): void {
  write(CHECK, agent, now);
}

/** The agent began to work in this window. */
export function rememberStart(agent: string): void {
  sessionStorage.setItem(STARTED, agent);
}

export function rememberAlive(agent: string, now: number): void {
  write(ALIVE, agent, now);
}

/** Whether to go straight to the strip: a reload, a detached window, or a window lost a moment ago. */
export function inProgress(agent: string, now: number): boolean {
  const alive = read(ALIVE);
  const recent = alive?.agent === agent && now - alive.at < RECENT_MS && now >= alive.at;
  return sessionStorage.getItem(STARTED) === agent || recent;
}

/** The shift is over on this machine. */
export function forgetShift(): void {
  sessionStorage.removeItem(STARTED);
  localStorage.removeItem(ALIVE);
}
