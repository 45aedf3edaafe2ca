/** The requests of the page of call flows. */

import { get, post } from "$ui/api";

export interface Box {
  name: string;
  kind: "say" | "ask" | "choose" | "give" | "room" | "out";
  what: string;
  start: boolean;
}

export interface Script {
  name: string;
  boxes: Box[];
  arrows: { source: string; target: string; when: string }[];
}

export interface Plan {
  version: number;
  title: string;
  surge: string;
  shown: string;
  trouble: string;
  supervisor: boolean;
  surges: { name: string; title: string }[];
  lines: { number: string; flow: string; script: string }[];
  scripts: Script[];
}

export interface Change {
  where: string;
  before: string;
  after: string;
}

export interface TrialAsked {
  line: string;
  number: string;
  at: string;
  state: string;
  surge: string;
  acts: string[];
}

export interface Trial {
  script: string;
  step: string;
  acts: string[];
  seen: { act: string; route: string[]; heard: string[]; result: string }[];
}

/** The plan in force, drawn under a surge; by default the one in force. */
export function plan(surge?: string): Promise<Plan> {
  return get(surge === undefined ? "/api/plan" : `/api/plan?surge=${encodeURIComponent(surge)}`);
}

export function changes(surge: string): Promise<Change[]> {
  return get(`/api/plan/surges/${encodeURIComponent(surge)}`);
}

export function tryCall(asked: TrialAsked): Promise<Trial> {
  return post("/api/plan/try", asked);
}

export async function setSurge(name: string): Promise<void> {
  await post("/api/plan/surge", { name });
}
