/** What is shown of a call being tried. Pure. */

import { callFlows as texts } from "$ui/texts";
import type { Trial } from "./api";

/** In the order of a telephone. */
export const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export interface Path {
  steps: string[];
  /** From, to. */
  ways: [string, string][];
}

/** The steps and the ways that a call went. */
export function walked(trial: Trial): Path {
  const steps: string[] = [];
  const ways: [string, string][] = [];
  for (const seen of trial.seen) {
    let before: string | undefined;
    for (const item of seen.route) {
      const name = item.split(":", 1)[0] ?? "";
      if (before !== undefined) ways.push([before, name]);
      steps.push(name);
      before = name;
    }
  }
  return { steps, ways };
}

/** One item of a route, with why the step was left, in French. */
export function reasonText(item: string): string {
  const cut = item.indexOf(":");
  if (cut < 0) return item;
  const why = item.slice(cut + 1);
  const [word = "", ...rest] = why.split(" ");
  const text = texts.reasons[why] ?? (texts.reasons[word] ? `${texts.reasons[word]} ${rest.join(" ")}` : why);
  return `${item.slice(0, cut)} (${text})`;
}
