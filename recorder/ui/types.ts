/** What the archive says of recordings, as its routes write it (`recorder/listening/`). */

import type { Outcome } from "./words";

export type RecordingState = "recording" | "recorded" | "sealed" | "failed" | "missing" | "erased";

export type SequenceKind =
  | "svi"
  | "waiting"
  | "ringing"
  | "talk"
  | "held"
  | "parked"
  | "transfer"
  | "conference"
  | "fallback"
  | "after";

export type ExportForm = "wav" | "mp3";
export type ExportTracks = "both" | "caller" | "centre";
export type ExportState = "asked" | "granted" | "refused" | "making" | "ready" | "taken" | "failed";

/** What the person at the page may do at all; each thing is checked again where it is done. */
export interface Rights {
  /** Which recordings one finds: one's own recent ones, the centre's, or those of a grant. */
  scope: "own" | "centre" | "granted";
  listen: boolean;
  export: boolean;
  grantExports: boolean;
  hold: boolean;
  visa: boolean;
  grantAuditors: boolean;
}

export interface ArchiveSession {
  agent: { id: string; name: string; role: string };
  /** Where the core's pages are: ports of the same host. */
  core: { http: number; https: number };
  rights: Rights;
  /** The days over which an agent finds their own calls. */
  ownDays: number;
}

export interface Person {
  id: string;
  name: string;
}

/** One row of the results. Instants are ISO texts, lengths are seconds. */
export interface Recording {
  id: string;
  callId: string;
  line: string;
  number?: string;
  hidden: boolean;
  direction: "in" | "out";
  startedAt: string;
  seconds: number;
  outcome: Outcome | "";
  dossier?: string;
  agents: Person[];
  note?: string;
  state: RecordingState;
  detail?: string;
  holds: number;
  test: boolean;
}

export interface Found {
  rows: Recording[];
  /** What to ask for the next rows; absent: these are the last. */
  next?: string;
}

/** `begins`, `ends`: seconds from the first sound. `heard`: who is heard, by name. */
export interface Sequence {
  kind: SequenceKind;
  begins: number;
  ends: number;
  heard: string[];
}

export interface Pause {
  begins: number;
  ends: number;
  by: string;
  reason: string;
}

export interface Marker {
  id: string;
  /** Seconds from the first sound. */
  at: number;
  text: string;
  by: Person;
  setAt: string;
}

export interface Hold {
  id: string;
  recordingId: string;
  reason: string;
  by: string;
  at: string;
}

export interface Listening {
  at: string;
  by: string;
  reason: string;
}

/** What the page may do with this recording now; a reason where it may not. */
export interface Allowed {
  listen: boolean;
  export: boolean;
  hold: boolean;
  mark: boolean;
  why?: string;
}

export interface Opened extends Recording {
  sequences: Sequence[];
  pauses: Pause[];
  markers: Marker[];
  holdings: Hold[];
  /** Who listened before, and why: for those who may know. */
  listened: Listening[];
  sealedAt?: string;
  sha256?: string;
  allowed: Allowed;
}

export interface Ticket {
  ticket: string;
  seconds: number;
}

export interface ExportRequest {
  id: string;
  recordingId: string;
  begins: number;
  ends: number;
  form: ExportForm;
  tracks: ExportTracks;
  reason: string;
  askedBy: Person;
  askedAt: string;
  state: ExportState;
  decidedBy?: string;
  decidedAt?: string;
  /** 0 to 1, while the file is made. */
  progress?: number;
  /** Whether who looks may grant or refuse it, and may fetch it. */
  mayGrant: boolean;
  mayTake: boolean;
}

export interface Erasure {
  id: string;
  proposedAt: string;
  proposedBy: string;
  rule: string;
  count: number;
  held: number;
  oldest: string;
  latest: string;
  state: "proposed" | "granted" | "done";
  mayGrant: boolean;
}

export interface Grant {
  id: string;
  auditor: Person;
  scope: string;
  expiresAt: string;
  by: string;
  over: boolean;
}

export interface StoryLine {
  at: string;
  text: string;
}

/** What one may choose from in the filters. */
export interface Choices {
  lines: string[];
  agents: Person[];
  auditors: Person[];
}
