/** Whom the command field finds, and what may be done with each: a pure search, without accents nor case. */

import type { Reachable } from "$ui/api";
import { phoneNumber } from "$ui/format";
import { dossier, states as stateNames, find as texts } from "$ui/texts";
import type { DirectoryEntry, PositionState, RecentCall, StripView } from "$ui/views";

/** Kinds of targets that the centre knows. */
export type TargetKind = "number" | "position" | "room";

/** Somebody or something that can be reached. */
export interface Entry {
  kind: TargetKind;
  /** Number, position or room. */
  value: string;
  label: string;
  /** What stands beside: a state, a number, how many wait. */
  detail: string;
  /** Where it comes from; also the order between equals. */
  source: "typed" | "colleague" | "room" | "directory" | "recent";
  state?: PositionState;
  /** The call a colleague is in, or is offered. */
  callId?: string;
  /** Further words by which it is found. */
  words?: string;
}

const SOURCES: Entry["source"][] = ["typed", "colleague", "room", "directory", "recent"];
const MOST_FOUND = 8;

/** Letters without accents, small; everything else is a space. */
export function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/œ/g, "oe")
    .replace(/[^\p{L}\p{N}+]+/gu, " ")
    .trim();
}

/** Digits as they would be dialled in France: `+33612…` and `0033612…` are `0612…`. */
export function digits(text: string): string {
  return text
    .replace(/[^\d+]/g, "")
    .replace(/^(?:\+|00)33(?=[1-9])/, "0")
    .replace(/^\+/, "00");
}

/** A number that somebody typed, or undefined: something else was typed. */
export function typedNumber(text: string): string | undefined {
  const bare = text.replace(/[\s.\-()/]/g, "");
  return /^\+?\d{2,15}$/.test(bare) ? bare : undefined;
}

/** How well an entry fits what was typed, 0 the best; undefined: not at all. */
function closeness(entry: Entry, typed: string, asDigits: string): number | undefined {
  if (entry.kind === "number" && asDigits.length >= 2 && digits(entry.value).includes(asDigits)) {
    return digits(entry.value).startsWith(asDigits) ? 1 : 2;
  }
  const label = plain(entry.label);
  if (label.startsWith(typed)) return 0;
  const words = `${label} ${plain(entry.words ?? "")} ${plain(entry.value)}`.split(" ");
  const asked = typed.split(" ");
  if (asked.every((part) => words.some((word) => word.startsWith(part)))) return 1;
  return asked.every((part) => words.some((word) => word.includes(part))) ? 3 : undefined;
}

/**
 * Those that fit best, at most eight; `more` have been found elsewhere already, best first. Nothing typed: the last
 * calls, then rooms and colleagues, then favourites.
 */
export function search(entries: readonly Entry[], text: string, more: readonly Entry[] = []): Entry[] {
  const typed = plain(text);
  if (typed === "") return unique([...first(entries), ...more]).slice(0, MOST_FOUND);
  const number = typedNumber(text);
  const asDigits = number === undefined ? "" : digits(number);
  const found: { entry: Entry; score: number; order: number }[] = [];
  for (const entry of entries) {
    const score = closeness(entry, typed, asDigits);
    if (score !== undefined) found.push({ entry, score: score + busy(entry), order: found.length });
  }
  found.sort(
    (a, b) =>
      a.score - b.score ||
      SOURCES.indexOf(a.entry.source) - SOURCES.indexOf(b.entry.source) ||
      a.order - b.order,
  );
  // The directory's best comes before what merely contains the letters.
  const close = found.filter(({ score }) => score < 2).map(({ entry }) => entry);
  const far = found.filter(({ score }) => score >= 2).map(({ entry }) => entry);
  const known = unique([...close, ...more, ...far]);
  const same = known.some((entry) => entry.kind === "number" && digits(entry.value) === asDigits);
  const asTyped = number !== undefined && !same ? [typedEntry(number)] : [];
  return [...asTyped, ...known].slice(0, MOST_FOUND);
}

/** Somebody who cannot be reached now comes after those who can. */
function busy(entry: Entry): number {
  return entry.source === "colleague" && (entry.state === "paused" || entry.state === "unready") ? 0.5 : 0;
}

function first(entries: readonly Entry[]): Entry[] {
  const recent = entries.filter(({ source }) => source === "recent").slice(0, 3);
  const others = entries.filter(({ source }) => source === "room" || source === "colleague");
  return unique([...recent, ...others]).slice(0, 5);
}

function unique(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string>();
  return entries.filter((entry) => {
    const key = `${entry.kind} ${entry.kind === "number" ? digits(entry.value) : entry.value}`;
    return !seen.has(key) && seen.add(key);
  });
}

function typedEntry(number: string): Entry {
  return { kind: "number", value: number, label: phoneNumber(number), detail: texts.typed, source: "typed" };
}

// --- what may be done ----------------------------------------------------------------------------------------

/** Ways of reaching somebody, each with one key that never changes. */
export type Deed = "call" | "transfer" | "invite" | "seize";

/** What decides which ways are open. */
export interface Hand {
  /** A call is heard, and may be passed on. */
  talking: boolean;
  /** How many calls the position has. */
  calls: number;
  /** The call heard has several others in it: it cannot be passed on. */
  conference: boolean;
}

/** What may be done with an entry now, the main one first. */
export function deeds(entry: Entry, hand: Hand): Deed[] {
  const possible: Deed[] = [];
  if (entry.kind !== "room" && hand.calls < 2) possible.push("call");
  if (hand.talking && !hand.conference) possible.push("transfer");
  if (hand.talking && entry.kind !== "room") possible.push("invite");
  if (entry.callId !== undefined && hand.calls < 2) possible.push("seize");
  return possible;
}

/** What is done by Entrée alone, and with Ctrl, Maj or Alt. */
export function deedOf(
  entry: Entry,
  hand: Hand,
  key: { ctrl: boolean; shift: boolean; alt: boolean },
): Deed | undefined {
  const possible = deeds(entry, hand);
  const asked: Deed | undefined = key.shift
    ? "transfer"
    : key.ctrl
      ? "invite"
      : key.alt
        ? "seize"
        : possible[0];
  return asked !== undefined && possible.includes(asked) ? asked : undefined;
}

// --- where entries come from ---------------------------------------------------------------------------------

export function colleagueEntries(colleagues: readonly Reachable[], own: string): Entry[] {
  return colleagues
    .filter(({ position }) => position !== own)
    .map(({ position, name, role, state, callId }) => ({
      kind: "position",
      value: position,
      label: name,
      detail: stateNames[state],
      source: "colleague",
      state,
      words: texts.roleWords[role],
      ...(callId === undefined ? {} : { callId }),
    }));
}

export function roomEntries(view: StripView | undefined): Entry[] {
  return Object.entries(view?.rooms ?? {})
    .filter(([, room]) => !room.closed)
    .map(([queue, room]) => ({
      kind: "room",
      value: queue,
      label: texts.room(room.name),
      detail: texts.waiting(room.waiting),
      source: "room",
      words: queue,
    }));
}

export function recentEntries(recents: readonly RecentCall[], colleagues: readonly Reachable[]): Entry[] {
  return recents.flatMap((call): Entry[] => {
    const detail = [texts.ways[call.way], ...(call.dossier ? [dossier.of(call.dossier)] : [])].join(" · ");
    if (call.position !== undefined) {
      const label = colleagues.find(({ position }) => position === call.position)?.name;
      return label ? [{ kind: "position", value: call.position, label, detail, source: "recent" }] : [];
    }
    if (call.number === undefined) return [];
    return [{ kind: "number", value: call.number, label: phoneNumber(call.number), detail, source: "recent" }];
  });
}

/** Numbers of the directory, as it found them. */
export function directoryEntries(
  rows: readonly { entry: DirectoryEntry; number: string; label: string }[],
): Entry[] {
  return rows.slice(0, MOST_FOUND).map(({ entry, number, label }) => ({
    kind: "number",
    value: number,
    label: entry.name,
    detail: [label, phoneNumber(number)].filter(Boolean).join(" · "),
    source: "directory",
  }));
}
