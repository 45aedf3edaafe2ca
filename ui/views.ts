/** What the screens are told: the shape of each live view. A field that has no value is absent, never null. */

export type PositionState = "unready" | "ready" | "offered" | "on_call" | "wrap_up" | "paused";
export type PauseReason = "break" | "meal" | "handover" | "training" | "other" | "no_answer";
export type Role = "arm" | "physician_mu" | "physician_ml" | "supervisor" | "auditor" | "archivist";
export type Priority = "UV" | "P0" | "P1" | "NR" | "P2" | "P3" | "Px";

/** Reasons an agent may choose; `no_answer` is set by the system only. */
export const PAUSE_REASONS = [
  "break",
  "meal",
  "handover",
  "training",
  "other",
] as const satisfies PauseReason[];

/** Why a moment of a call is left out of its recording. */
export type WhyUnrecorded = "privacy" | "code" | "colleagues" | "other";

/** ISO 8601, UTC, with `Z`. */
export type Instant = string;

export interface Agent {
  id: string;
  name: string;
  role: Role;
}

/** What a strip said of its network. */
export interface Network {
  phase: "check" | "shift";
  lossPercent: number;
  jitterMs: number;
  roundTripMs: number;
  mos: number;
  at: Instant;
}

/** The telephone that carries the position's sound. `code`: the keys that confirm it. */
export interface Phone {
  number: string;
  mode: "kept" | "per_call";
  state: "idle" | "calling" | "confirming" | "up" | "failed";
  code?: string;
  reason?: "busy" | "no_answer" | "not_confirmed" | "hung_up" | "unreachable" | "failed";
  retryAt?: Instant;
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
  network?: Network;
}

/** Characters of the longest note. */
export const NOTE_LENGTH = 2000;

/** What somebody wrote on a call, or on an item of the abandoned-call desk. */
export interface Note {
  text: string;
  name: string;
  at: Instant;
}

export type PlaceSource = "aml_sms" | "aml_https" | "pidf_lo" | "pflau" | "pflau_simulated" | "lrm";
export type PlaceFailure = "unknown" | "unavailable" | "no_news";

/** Where somebody says that the caller is. It has a point, an address in words (`civic`), or both. */
export interface SeenPlace {
  source: PlaceSource;
  at: Instant;
  latitude?: number;
  longitude?: number;
  /** Metres. */
  radius?: number;
  altitude?: number;
  /** Percent. */
  confidence?: number;
  civic?: string;
  /** The nearest one, with its department. */
  commune?: string;
}

/** The best that was told, what stands beside it by source, and how a question to the operator stands. */
export interface Place extends Partial<SeenPlace> {
  beside?: Record<string, SeenPlace>;
  askedUntil?: Instant;
  missing?: { source: PlaceSource; reason: PlaceFailure; at: Instant };
}

/** A patient, as the LRM knows them. `age`: an ISO 8601 duration (`P38Y`). */
export interface Patient {
  name?: string;
  birthName?: string;
  sex?: "M" | "F" | "O" | "U";
  age?: string;
  reason?: string;
  /** Instructions are kept for this patient. */
  remarkable?: boolean;
}

/** The LRM's dossier of a call. An offer has its number and priority only. */
export interface Dossier {
  id: string;
  /** The regulation priority. */
  priority?: Priority;
  place?: string;
  caller?: string;
  address?: string;
  /** By number of order. */
  patients?: Record<string, Patient>;
  /** When the LRM said it last; absent: it gave the number only. */
  at?: Instant;
}

interface CallerShown {
  /** Where the caller is, if anybody told. */
  location?: Place;
  dossier?: Dossier;
  number?: string;
  hidden: boolean;
  test?: boolean;
  line: string;
  flow: string;
  priority: Priority;
  queuedAt: Instant;
  /** The same number called shortly before. */
  repeat?: boolean;
  /** Nobody has spoken on the line. */
  openLine?: boolean;
  /** The neighbouring centre whose call it is (entraide). */
  aid?: string;
  /** The agent, or the centre, who had the call and was lost. */
  wasWith?: string;
}

export type OfferKind = "distributed" | "chosen" | "invited" | "everybody";

export interface Offer extends CallerShown {
  id: string;
  callId: string;
  deadline: Instant;
  kind: OfferKind;
  /** Why this call and why this agent, to be read. */
  why: string;
  /** The position that asks, where a colleague does, and who is there. */
  by?: string;
  byName?: string;
  /** How that colleague asks: passes the call on, asks one in, or simply calls. */
  asked?: "transfer" | "invite" | "internal";
}

/** Somebody else in a call, or asked into it: `caller` and `everybody` by these names, others by what they are. */
export interface Party {
  state: "ringing" | "connecting" | "talking" | "held";
  muted: boolean;
  number?: string;
  position?: string;
  /** Who is at that position. */
  label?: string;
}

export type CallKind = "incoming" | "outgoing" | "internal";

export interface Call extends CallerShown {
  id: string;
  kind?: CallKind;
  /** `ringing`: a call of ours that nobody has answered yet. */
  state: "ringing" | "connecting" | "talking" | "held";
  answeredAt?: Instant;
  heldAt?: Instant;
  /** Since when this position's sound is lost: the one outside waits. */
  lostAt?: Instant;
  /** Set while what is said is left out of the recording: until when at most, why, and by whom. */
  unrecorded?: { until: Instant; reason: WhyUnrecorded; by: string };
  /** By number of order, oldest first. */
  notes?: Record<string, Note>;
}

/** One of the calls of a position: there are two at most, of which one is heard. */
export interface HandCall extends Call {
  heard: boolean;
  parties: Record<string, Party>;
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

/** One waiting room: on `StripView.rooms`, by its name in idFlux. */
export interface RoomFigures {
  name: string;
  frontOffice: "F01" | "F02";
  mode: "automatic" | "manual";
  closed: boolean;
  waiting: number;
  oldestQueuedAt?: Instant;
  /** A call that rings at a colleague, and where: `take_call` picks it up. */
  ringing?: string;
  ringingAt?: string;
}

/** A call in the list of a room. In order: `rank`, then `queuedAt`. */
export interface WaitingCall {
  number?: string;
  hidden: boolean;
  test?: boolean;
  flow: string;
  priority: Priority;
  rank: number;
  queuedAt: Instant;
  /** The number of its dossier in the LRM. */
  dossier?: string;
  /** The position that put it there. */
  by?: string;
  repeat?: boolean;
  /** The neighbouring centre whose call it is (entraide). */
  aid?: string;
  /** The commune nearest to where the caller is. */
  commune?: string;
  /** The agent, or the centre, who had the call and was lost. */
  wasWith?: string;
  /** Somebody must look after the caller, since then: `checked_back`. */
  checkDueSince?: Instant;
  offeredTo?: string;
}

/** A parked caller who hung up: shown until `checked_back`. */
export interface ParkedAlarm {
  queue: string;
  priority: Priority;
  at: Instant;
  by: string;
  hidden: boolean;
  number?: string;
}

/** Something wrong with the platform. Kinds unknown to this page are shown by their name. */
export interface Alarm {
  kind: string;
  severity: "warning" | "critical";
  since: Instant;
  /** Which node, line or core, where there may be several. */
  subject?: string;
}

export interface Platform {
  switch: "up" | "down";
  /** The plan that should be in force cannot be used; the last good one is. */
  plan?: "refused";
  /** The surge laid over the plan. */
  surge?: string;
  /** What is wrong; on a strip, only what changes something for agents. */
  alarms?: Alarm[];
}

export interface StripView {
  agent: Agent;
  position: Position;
  phone?: Phone;
  offer?: Offer;
  call?: Call;
  /** By call: those the position is in. */
  calls?: Record<string, HandCall>;
  room: Room;
  rooms: Record<string, RoomFigures>;
  /** By room, then by call: the rooms whose calls this agent may take. */
  waiting?: Record<string, Record<string, WaitingCall>>;
  /** By call: what this position has put into rooms, and still waits there. */
  parked?: Record<string, WaitingCall & { queue: string }>;
  /** What the centre plays again into a telephone: seconds asked for, and how long it lasts. */
  recall?: { callId: string; startedAt: Instant; asked: number; seconds: number; speed: number };
  alarms?: Record<string, ParkedAlarm>;
  platform: Platform;
}

export interface WallboardPosition {
  name: string;
  role: Role;
  state: PositionState;
  since: Instant;
  pauseReason?: PauseReason;
  network?: Network;
}

export interface WallboardRoom extends RoomFigures {
  /** Positions ready to take its calls. */
  ready: number;
}

/** A caller left for a physician, or for a colleague; a wall shows no number. In order: `rank`, then `queuedAt`. */
export interface WallboardParked {
  queue: string;
  priority: Priority;
  rank: number;
  queuedAt: Instant;
  /** Somebody must look after the caller, since then. */
  checkDueSince?: Instant;
}

export interface WallboardView {
  room: Room & { inProgress: number; inSvi: number; openLines: number };
  /** By their name in idFlux. */
  rooms: Record<string, WallboardRoom>;
  /** By call. */
  parked: Record<string, WallboardParked>;
  /** By call: parked callers who hung up, until somebody takes note. */
  left: Record<string, { queue: string; priority: Priority; at: Instant }>;
  today: {
    date: string;
    presented: number;
    answered: number;
    abandoned: number;
    /** Left for a number or another centre. */
    overflowed: number;
    /** Calls of neighbouring centres (entraide), which count as presented there. */
    aided: number;
    aidAnswered: number;
  };
  positions: Record<string, WallboardPosition>;
  platform: Platform;
}

export type LossPlace = "svi" | "queue" | "ringing" | "parked" | "failure" | "callback_asked";

/** Characters of the longest note on an item of the desk. */
export const ITEM_NOTE_LENGTH = 500;

/** Ways in which an agent may close an item; the system has others. */
export const ITEM_OUTCOMES = ["reached", "no_reply", "mistake", "already_handled", "test", "other"] as const;
export type ItemOutcome = (typeof ITEM_OUTCOMES)[number];

/** Where an item of the abandoned-call desk is shown. */
export type DeskGroup = "call" | "short" | "hidden";

/** Every loss of one number, and what was done about it. */
export interface DeskItem {
  group: DeskGroup;
  number?: string;
  line: string;
  flow: string;
  priority: Priority;
  place: LossPlace;
  /** Seconds on the line, the last time. */
  waited: number;
  firstLostAt: Instant;
  lastLostAt: Instant;
  losses: number;
  attempts: number;
  lastAttemptAt?: Instant;
  /** A fault of ours cut one of the calls: the first to be called back. */
  cut?: boolean;
  /** Who spoke to the caller last. */
  lastAgent?: string;
  /** The caller rings again right now. */
  onLine: boolean;
  /** A call of ours to the number is under way. */
  beingCalled: boolean;
  owner?: { position: string; agent: string; name: string };
  notes: Record<string, Note>;
}

/** Of the items first lost today; delays in seconds. */
export interface DeskFigures {
  date: string;
  losses: number;
  toCall: number;
  called: number;
  closed: number;
  calledAgain: number;
  reached: number;
  short: number;
  hidden: number;
  meanToAttempt?: number;
  meanToClosing?: number;
  /** Items to call back now, of any day. */
  open: number;
  /** Items that the page is not told of, there being too many. */
  unshown: number;
}

export interface DeskView {
  items: Record<string, DeskItem>;
  figures: DeskFigures;
}

export const ENTRY_KINDS = [
  "smur",
  "samu",
  "hospital",
  "ambulance",
  "fire",
  "police",
  "doctor",
  "health",
  "authority",
  "agent",
  "other",
] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** One line of the directory. */
export interface DirectoryEntry {
  id: string;
  name: string;
  kind: EntryKind;
  numbers: { number: string; label: string }[];
  priority: number;
  /** For the whole centre. */
  favourite: boolean;
  tags: string[];
  notes: string;
}

/** A call in the agent's own list. */
export interface RecentCall {
  id: string;
  way: "in" | "out" | "missed";
  kind: "incoming" | "outgoing" | "internal";
  at: Instant;
  line: string;
  hidden: boolean;
  number?: string;
  /** The colleague of an internal call. */
  position?: string;
  answeredAt?: Instant;
  endedAt?: Instant;
  /** The number of its dossier in the LRM. */
  dossier?: string;
  notes: Note[];
}
