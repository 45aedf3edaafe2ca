/** The calls of a position, two at most: which is heard, who is in it, what each is called. Pure. */

import { phoneNumber, spokenNumber } from "$ui/format";
import { calls as texts } from "$ui/texts";
import type { Call, HandCall, Offer, Party, StripView } from "$ui/views";

/** The call to show large: the one heard, else the newest on hold. */
export function mainCall(view: StripView | undefined): Call | undefined {
  const calls = handCalls(view);
  return calls.find((call) => call.heard) ?? calls.at(-1) ?? view?.call;
}

/** The call beside it, on hold. */
export function otherCall(view: StripView | undefined): HandCall | undefined {
  const main = mainCall(view);
  return handCalls(view).find((call) => call.id !== main?.id);
}

function handCalls(view: StripView | undefined): HandCall[] {
  return Object.values(view?.calls ?? {});
}

export interface PartyShown extends Party {
  id: string;
  label: string;
}

/** Everybody else in a call, the caller first. */
export function parties(call: Call | undefined): PartyShown[] {
  const found = call && "parties" in call ? Object.entries((call as HandCall).parties) : [];
  return found
    .map(([id, party]) => ({ ...party, id, label: partyLabel(id, party) }))
    .sort((a, b) => Number(b.id === "caller") - Number(a.id === "caller"));
}

function partyLabel(id: string, party: Party): string {
  if (id === "everybody") return texts.everybody;
  if (party.label !== undefined || party.position !== undefined) return party.label ?? party.position ?? "";
  return party.number === undefined ? texts.hidden : phoneNumber(party.number);
}

/** Those who are in it, not those who ring. */
export function present(call: Call | undefined): PartyShown[] {
  return parties(call).filter((party) => party.state !== "ringing");
}

/** Whether several others are in it, or asked into it. */
export function isConference(call: Call | undefined): boolean {
  return parties(call).length > 1;
}

export interface Who {
  label: string;
  hidden: boolean;
  /** For screen readers. */
  spoken: string;
}

/** Who is at the other end: the caller, the number called, the colleague. */
export function who(call: Call): Who {
  const others = parties(call);
  const first = call.kind === undefined || call.kind === "incoming" ? undefined : others[0];
  if (first) return named(first.label, first.position === undefined ? first.number : undefined);
  return number(call.number, call.hidden);
}

/** Who an offer is about: a colleague who calls is named, a call passed on keeps its caller. */
export function offered(offer: Offer): Who {
  const colleague = offer.asked === "internal" || (offer.kind === "everybody" && offer.number === undefined);
  if (colleague && offer.byName) return named(offer.byName);
  return number(offer.number, offer.hidden);
}

function named(label: string, spoken?: string): Who {
  return { label, hidden: false, spoken: spoken === undefined ? label : spokenNumber(spoken) };
}

function number(value: string | undefined, hidden: boolean): Who {
  if (hidden || !value) return { label: texts.hidden, hidden: true, spoken: texts.hidden };
  return { label: phoneNumber(value), hidden: false, spoken: spokenNumber(value) };
}

/** The look of an offer: why it comes. */
export type OfferLook = "room" | "transfer" | "invite" | "internal" | "everybody";

export function offerLook(offer: Offer): OfferLook {
  if (offer.kind === "everybody") return "everybody";
  return offer.kind === "invited" ? (offer.asked ?? "invite") : "room";
}

/** What an offer says of itself: where it comes from. */
export function offerOrigin(offer: Offer): string | undefined {
  const look = offerLook(offer);
  return look === "room" ? undefined : texts.origins[look](offer.byName ?? texts.aColleague);
}
