/** Where a caller is, as it is written on the strip. Pure: `now` is an argument (ms). */

import { place as texts } from "$ui/texts";
import type { Call, Offer, Place, SeenPlace } from "$ui/views";

const THIN = "\u202f";
const NBSP = "\u00a0";

/** `25 m`, `1,2 km`, `14 km`. */
export function metres(value: number): string {
  if (value < 1000) return `${Math.round(value)}${NBSP}m`;
  const kilometres = value / 1000;
  const written =
    kilometres < 10 ? kilometres.toFixed(1).replace(".", ",").replace(",0", "") : kilometres.toFixed(0);
  return `${written}${NBSP}km`;
}

/** `≈ 25 m`. */
export function accuracy(place: { radius?: number }): string {
  return place.radius === undefined ? texts.unknownRadius : `≈${NBSP}${metres(place.radius)}`;
}

/** `il y a 12 s`, `il y a 3 min`, `il y a 1 h 05`. */
export function age(place: SeenPlace, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(place.at)) / 1000));
  const minutes = Math.floor(seconds / 60);
  if (seconds < 60) return `il y a ${seconds}${NBSP}s`;
  if (minutes < 60) return `il y a ${minutes}${NBSP}min`;
  return `il y a ${Math.floor(minutes / 60)}${NBSP}h${THIN}${String(minutes % 60).padStart(2, "0")}`;
}

/** Whether there is a position at all, and not only a question about one. */
export function isPlaced(place: Place | undefined): place is Place & SeenPlace {
  return place?.at !== undefined;
}

/** Whether it is a point, which a map can show. */
export function isPoint<T extends Partial<SeenPlace>>(
  place: T,
): place is T & { latitude: number; longitude: number } {
  return place.latitude !== undefined && place.longitude !== undefined;
}

/** The essential, in one line: how sure, how old, where. */
export function brief(place: SeenPlace, now: number): string {
  const where = place.commune ?? place.civic;
  const sure = isPoint(place) ? [accuracy(place), age(place, now)] : [age(place, now)];
  return [...sure, ...(where ? [where] : [])].join(" · ");
}

/** `49.44310, 1.09930`: as maps of all makes take it. */
export function coordinates(place: { latitude: number; longitude: number }): string {
  return `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`;
}

/** The LRM's page for a position; undefined where the centre has none. */
export function lrmPage(template: string, place: SeenPlace): string | undefined {
  if (!template || !isPoint(place)) return undefined;
  return template
    .replaceAll("{latitude}", place.latitude.toFixed(5))
    .replaceAll("{longitude}", place.longitude.toFixed(5))
    .replaceAll("{radius}", String(place.radius ?? ""));
}

/** Whether an answer is still awaited. */
export function isAsked(place: Place | undefined, now: number): boolean {
  return place?.askedUntil !== undefined && Date.parse(place.askedUntil) > now;
}

/** The call whose place is looked at: the one that goes on, else the one that rings, else the last one. */
export function placed(
  call: Call | undefined,
  offer: Offer | undefined,
  last: Call | undefined,
): { id: string; place: Place | undefined } | undefined {
  if (call) return { id: call.id, place: call.location };
  if (offer) return { id: offer.callId, place: offer.location };
  return last && { id: last.id, place: last.location };
}
