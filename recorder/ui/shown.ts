/** How recordings are written on the page. Pure. */

import { day, duration, hour, isoDay, phoneNumber } from "$ui/format";
import { recordings as texts, recording as unrecorded } from "$ui/texts";
import type { ExportRequest, Marker, Pause, Recording, Sequence } from "./types";

export const who = ({ hidden, number }: Pick<Recording, "hidden" | "number">): string =>
  hidden || number === undefined || number === "" ? texts.hidden : phoneNumber(number);

export const length = (seconds: number): string => duration(seconds * 1000);

/** An instant within a recording, to the tenth where one works closely: `1:02,4`. */
export function instant(seconds: number): string {
  const tenths = Math.floor((Math.max(0, seconds) * 10) % 10);
  return `${length(seconds)},${tenths}`;
}

const shortDay = new Intl.DateTimeFormat("fr-FR", {
  timeZone: "Europe/Paris",
  day: "2-digit",
  month: "2-digit",
  year: "numeric",
});

/** `aujourd’hui 14:05`, `hier 09:12`, `12/11/2026 09:12`. */
export function when(iso: string, now: number): string {
  const at = Date.parse(iso);
  const name = isoDay(at);
  if (name === isoDay(now)) return `${texts.today} ${hour(at)}`;
  if (name === isoDay(now - 86_400_000)) return `${texts.yesterday} ${hour(at)}`;
  return `${shortDay.format(at)} ${hour(at)}`;
}

/** `dimanche 22 novembre 2026 à 14:05`. */
export function fully(iso: string): string {
  const at = Date.parse(iso);
  return `${day(at)} ${isoDay(at).slice(0, 4)} ${texts.at} ${hour(at)}`;
}

export const people = (recording: Pick<Recording, "agents">): string =>
  recording.agents.map(({ name }) => name).join(", ");

/** Who is heard in a sequence, in words. */
export const heard = (sequence: Sequence): string =>
  sequence.heard.map((name) => (name === "caller" ? texts.caller : name)).join(", ") || texts.nobodyHeard;

/** Why a part was not recorded, in words. */
export const pauseReason = (pause: Pause): string => {
  const why = (unrecorded.reasons as Record<string, string>)[pause.reason];
  return why === undefined ? texts.pausedPart : `${texts.pausedPart} (${why.toLowerCase()})`;
};

/** Markers in the order in which they come. */
export const inOrder = (markers: readonly Marker[]): Marker[] => [...markers].sort((a, b) => a.at - b.at);

/** What part of a recording an extract is of. */
export const part = ({ begins, ends }: Pick<ExportRequest, "begins" | "ends">): string =>
  `${instant(begins)} – ${instant(ends)} (${length(ends - begins)})`;
