/** What is looked for: one field that understands a number, a dossier, words; and the filters beside it. Pure. */

import { isoDay } from "$ui/format";

/** How what was typed is understood. */
export type Meaning = "nothing" | "number" | "dossier" | "words";

/** What is asked for, as the page holds it. Days are `2026-11-22`, lengths are minutes. */
export interface Question {
  typed: string;
  /** Taken as this instead of as it looks. */
  as?: Exclude<Meaning, "nothing">;
  from: string;
  to: string;
  line: string;
  agent: string;
  outcome: string;
  least: string;
  most: string;
}

export const NO_QUESTION: Question = {
  typed: "",
  from: "",
  to: "",
  line: "",
  agent: "",
  outcome: "",
  least: "",
  most: "",
};

/** Digits of the shortest end of a number that is looked for: fewer would find half the archive. */
const NUMBER_FROM = 4;
const NUMBER = /^\+?[\d\s.()-]+$/;
const DOSSIER = /^(?:n°|no|dossier|dr|drm)\s*:?\s*(\S.*)$/i;
/** A word of letters and figures mixed, such as a software makes for its files. */
const CODE = /^(?=.*\d)(?=.*[a-z])[a-z0-9][a-z0-9/_.-]{3,}$/i;

const digits = (typed: string): string => typed.replace(/[^\d+]/g, "");

/** What was typed looks like. */
export function meaning(typed: string): Meaning {
  const text = typed.trim();
  if (text === "") return "nothing";
  if (NUMBER.test(text)) return digits(text).replace("+", "").length >= NUMBER_FROM ? "number" : "words";
  return DOSSIER.test(text) || CODE.test(text) ? "dossier" : "words";
}

/** As which other things what was typed may be taken, the likeliest first. */
export function otherMeanings(question: Question): Meaning[] {
  const taken = question.as ?? meaning(question.typed);
  if (taken === "nothing") return [];
  const possible: Meaning[] = ["number", "dossier", "words"];
  return possible.filter((one) => one !== taken && (one !== "number" || NUMBER.test(question.typed.trim())));
}

/** The value of what is looked for, in that meaning. */
export function value(typed: string, as: Meaning): string {
  const text = typed.trim();
  if (as === "number") return digits(text);
  if (as === "dossier") return DOSSIER.exec(text)?.[1] ?? text;
  return text;
}

/** The midnight in Paris with which a day begins, `later` days on. */
export function midnight(day: string, later = 0): string | undefined {
  const [year, month, date] = day.split("-").map(Number);
  if (year === undefined || month === undefined || date === undefined) return undefined;
  const noon = Date.UTC(year, month - 1, date + later, 12);
  if (Number.isNaN(noon)) return undefined;
  const wanted = isoDay(noon);
  // Paris is one or two hours ahead: the first of both that falls on the day is its midnight.
  const starts = [22, 23].map((hour) => Date.UTC(year, month - 1, date + later - 1, hour));
  const start = starts.find((at) => isoDay(at) === wanted);
  return start === undefined ? undefined : new Date(start).toISOString();
}

/** The question as an address asks it. */
export function parameters(question: Question, cursor?: string): URLSearchParams {
  const asked = new URLSearchParams();
  const put = (name: string, text: string | undefined) => {
    if (text) asked.set(name, text);
  };
  const as = question.as ?? meaning(question.typed);
  if (as === "number") put("number", value(question.typed, as));
  if (as === "dossier") put("dossier", value(question.typed, as));
  if (as === "words") put("text", value(question.typed, as));
  put("from", question.from && midnight(question.from));
  put("to", question.to && midnight(question.to, 1));
  put("line", question.line);
  put("agent", question.agent);
  put("outcome", question.outcome);
  put("least", seconds(question.least));
  put("most", seconds(question.most));
  put("cursor", cursor);
  return asked;
}

function seconds(minutes: string): string {
  const amount = Number(minutes.replace(",", "."));
  return minutes.trim() !== "" && Number.isFinite(amount) && amount >= 0 ? String(Math.round(amount * 60)) : "";
}

/** How many filters are set: they are told of while they are folded away. */
export function filtersSet(question: Question): number {
  const { from, to, line, agent, outcome, least, most } = question;
  return [from || to, line, agent, outcome, least || most].filter((set) => set !== "").length;
}

/** The period of the last days, today included. */
export function lastDays(count: number, now: number): Pick<Question, "from" | "to"> {
  return { from: isoDay(now - (count - 1) * 86_400_000), to: isoDay(now) };
}
