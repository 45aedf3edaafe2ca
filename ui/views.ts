/** What the screens are told: the shape of each live view. A field that has no value is absent, never null. */

export type PositionState = "unready" | "ready" | "offered" | "on_call" | "wrap_up" | "paused";
export type PauseReason = "break" | "meal" | "handover" | "training" | "other" | "no_answer";
export type Role = "arm" | "physician_mu" | "physician_ml" | "supervisor";
export type Priority = "UV" | "P0" | "P1" | "P2" | "P3" | "Px";

/** Reasons an agent may choose; `no_answer` is set by the system only. */
export const PAUSE_REASONS = [
  "break",
  "meal",
  "handover",
  "training",
  "other",
] as const satisfies PauseReason[];

/** ISO 8601, UTC, with `Z`. */
export type Instant = string;

export interface Agent {
  id: string;
  name: string;
  role: Role;
}

export interface Position {
  id: string;
  state: PositionState;
  since: Instant;
  pauseReason?: PauseReason;
  until?: Instant;
  muted: boolean;
  leg: boolean;
  pausePending?: PauseReason;
}

/** What somebody wrote on a call, or on an item of the abandoned-call desk. */
export interface Note {
  text: string;
  name: string;
  at: Instant;
}

interface CallerShown {
  number?: string;
  hidden: boolean;
  test?: boolean;
  line: string;
  flow: string;
  priority: Priority;
  queuedAt: Instant;
}

export interface Offer extends CallerShown {
  id: string;
  callId: string;
  deadline: Instant;
}

export interface Call extends CallerShown {
  id: string;
  state: "connecting" | "talking" | "held";
  answeredAt?: Instant;
  heldAt?: Instant;
  /** By number of order, oldest first. */
  notes?: Record<string, Note>;
}

export interface Room {
  queue: string;
  waiting: number;
  oldestQueuedAt?: Instant;
  ready: number;
  positions: number;
  /** Lost callers to be called back. */
  lost: number;
}

export interface Platform {
  switch: "up" | "down";
}

export interface StripView {
  agent: Agent;
  position: Position;
  offer?: Offer;
  call?: Call;
  room: Room;
  platform: Platform;
}

export interface WallboardPosition {
  name: string;
  role: Role;
  state: PositionState;
  since: Instant;
  pauseReason?: PauseReason;
}

export interface WallboardView {
  room: Room & { inProgress: number; inSvi: number };
  today: { date: string; presented: number; answered: number; abandoned: number };
  positions: Record<string, WallboardPosition>;
  platform: Platform;
}
