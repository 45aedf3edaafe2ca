/** How numbers, durations and instants are written on the screens, the French way. */

const THIN = "\u202f";
const NBSP = "\u00a0";

function pairs(digits: string): string {
  return digits.replace(/\B(?=(\d{2})+$)/g, NBSP);
}

/**
 * A telephone number as it is read aloud in France: `06 12 34 56 78`; foreign numbers keep their `+` and are
 * grouped by two after the country code where it is known, short numbers stay whole.
 */
export function phoneNumber(number: string): string {
  const bare = number.replace(/[\s.\-()]/g, "");
  const french = /^(?:\+33|0033)([1-9]\d{8})$/.exec(bare);
  if (french) return pairs(`0${french[1]}`);
  if (/^0\d{9}$/.test(bare)) return pairs(bare);
  const overseas = /^\+(590|594|596|262|508|681|687|689)(\d{6,9})$/.exec(bare);
  if (overseas) return overseasNumber(overseas[1] ?? "", overseas[2] ?? "");
  const foreign = /^\+(\d{7,15})$/.exec(bare);
  if (foreign) return foreignNumber(foreign[1] ?? "");
  return number;
}

function overseasNumber(code: string, rest: string): string {
  // Guadeloupe, Guyane, Martinique and La Réunion are dialled like the mainland; the others have six digits.
  return rest.length === 9 ? pairs(`0${rest}`) : `+${code}${NBSP}${pairs(rest)}`;
}

/** Country codes of one and two digits; every other has three (ITU-T E.164). */
const SHORT_CODE = /^(1|7|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

function foreignNumber(digits: string): string {
  const code = SHORT_CODE.exec(digits)?.[1] ?? digits.slice(0, 3);
  const rest = digits.slice(code.length);
  const grouped = rest.length % 2 === 0 ? pairs(rest) : `${rest.slice(0, 3)}${NBSP}${pairs(rest.slice(3))}`;
  return `+${code}${NBSP}${grouped}`.trimEnd();
}

/** A duration that counts: `0:07`, `12:34`, `1:02:03`. Negative ones are shown as zero. */
export function duration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = two(total % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${seconds}` : `${minutes}:${seconds}`;
}

/** A countdown: whole seconds still to come, so that it shows 1 until the last instant. */
export function countdown(ms: number): string {
  return duration(Math.ceil(Math.max(0, ms) / 1000) * 1000);
}

/** A duration in words, for screen readers: `1 minute 5 secondes`. */
export function spokenDuration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const part = (value: number, word: string) => (value ? `${value} ${word}${value > 1 ? "s" : ""}` : "");
  const words = [
    part(Math.floor(total / 3600), "heure"),
    part(Math.floor((total % 3600) / 60), "minute"),
    part(total % 60, "seconde"),
  ].filter(Boolean);
  return words.join(" ") || "0 seconde";
}

/** A telephone number for screen readers: its digits in pairs, with pauses. */
export function spokenNumber(number: string): string {
  return phoneNumber(number).replaceAll(NBSP, ", ");
}

const wholeNumber = new Intl.NumberFormat("fr-FR");

/** A whole number with thin spaces between thousands. */
export function integer(value: number): string {
  return wholeNumber.format(value).replaceAll(NBSP, THIN);
}

const parisClock = new Intl.DateTimeFormat("fr-FR", {
  timeZone: "Europe/Paris",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const parisHour = new Intl.DateTimeFormat("fr-FR", {
  timeZone: "Europe/Paris",
  hour: "2-digit",
  minute: "2-digit",
});
const parisDay = new Intl.DateTimeFormat("fr-FR", {
  timeZone: "Europe/Paris",
  weekday: "long",
  day: "numeric",
  month: "long",
});
const parisDate = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Paris" });

/** `14:05:09` in Paris. */
export const clock = (ms: number): string => parisClock.format(ms);

/** `14:05` in Paris. */
export const hour = (ms: number): string => parisHour.format(ms);

/** `samedi 22 novembre` in Paris. */
export const day = (ms: number): string => parisDay.format(ms);

/** `2026-11-22`: the day in Paris. */
export const isoDay = (ms: number): string => parisDate.format(ms);
