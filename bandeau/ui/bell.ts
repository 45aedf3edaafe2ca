/** What asks to be answered now, as it is told by the ring and by the system's notification. */

import { duration } from "$ui/format";
import * as texts from "$ui/texts";
import type { Offer } from "$ui/views";
import { offered, offerOrigin } from "./calls";
import { caller, face, lineName, offerBeside, type Situation } from "./model";
import type { Ringing } from "./ring";

/** The offer, soft where a call goes on, else the call of the fallback that rings. */
export function rings(s: Situation, now: number): Ringing | undefined {
  const beside = offerBeside(s);
  const offer = face(s) === "offered" ? s.view?.offer : beside;
  if (offer) {
    const soft = beside !== undefined;
    return { id: offer.id, who: offered(offer).label, detail: notice(offer, now), soft };
  }
  if (s.secours?.state !== "ringing") return undefined;
  return { id: "secours", who: caller(s.secours).number, detail: texts.strip.coreLostShort };
}

/** The line, and how long the caller has waited at the moment of the offer. */
function notice(offer: Offer, now: number): string {
  const waited = duration(now - Date.parse(offer.queuedAt));
  const from = offerOrigin(offer) ?? texts.strip.line(lineName(offer));
  return `${from}\n${texts.strip.waitsFor} ${waited}`;
}
