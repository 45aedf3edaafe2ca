/** The telephone in place of the headset: what this machine remembers of it, and what is said of it. */

import type { PhoneMode } from "$ui/api";
import { countdown } from "$ui/format";
import { phone as texts } from "$ui/texts";
import type { Phone } from "$ui/views";

export interface PhoneWish {
  number: string;
  mode: PhoneMode;
}

const CHOICE = "bandeau15.phone";
const IN_USE = "bandeau15.phoned";

/** The telephone chosen last on this machine by this agent. */
export function rememberedPhone(agent: string): PhoneWish | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(CHOICE) ?? "null");
    return kept?.agent === agent ? { number: String(kept.number), mode: kept.mode } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Remember it for the next shift; undefined: the headset was chosen. */
export function rememberPhone(agent: string, wish: PhoneWish | undefined): void {
  if (wish) localStorage.setItem(CHOICE, JSON.stringify({ agent, ...wish }));
  else localStorage.removeItem(CHOICE);
}

/** Whether a telephone carried the sound in this window before it was loaded again. */
export function phoneInUse(): boolean {
  return sessionStorage.getItem(IN_USE) !== null;
}

export function notePhoneInUse(on: boolean): void {
  if (on) sessionStorage.setItem(IN_USE, "1");
  else sessionStorage.removeItem(IN_USE);
}

export interface PhoneShown {
  text: string;
  tone: "busy" | "bad";
  /** The agent may have it called now. */
  call: boolean;
}

/** What to say of the telephone; undefined: nothing, it is as it should be. */
export function phoneShown(phone: Phone | undefined, now: number): PhoneShown | undefined {
  switch (phone?.state) {
    case "calling":
      return { text: texts.calling(phone.code === "1" ? undefined : phone.code), tone: "busy", call: false };
    case "confirming":
      return { text: texts.confirming(phone.code ?? "1"), tone: "busy", call: false };
    case "failed": {
      const why = texts.reasons[phone.reason ?? "failed"];
      const left = phone.retryAt === undefined ? undefined : Date.parse(phone.retryAt) - now;
      const text = left === undefined ? why : `${why} ${texts.again(countdown(Math.max(0, left)))}`;
      return { text, tone: "bad", call: true };
    }
    default:
      return undefined;
  }
}
