/** Alarms of the platform, as screens say them. Pure. */

import { hour } from "./format";
import { alarmTexts } from "./texts";
import type { Alarm, Platform } from "./views";

/** Those that hold: the gravest first, then the oldest. */
export function platformAlarms(platform: Platform | undefined): Alarm[] {
  const all = [...(platform?.alarms ?? [])];
  const rank = (alarm: Alarm) => (alarm.severity === "critical" ? 0 : 1);
  return all.sort(
    (a, b) => rank(a) - rank(b) || a.since.localeCompare(b.since) || a.kind.localeCompare(b.kind),
  );
}

/** What is wrong, and where; a kind this page does not know yet by its name. */
export function alarmText(alarm: Alarm): string {
  const known = alarmTexts[alarm.kind] ?? alarm.kind.replaceAll("_", " ");
  const text = known.replace("{since}", () => hour(Date.parse(alarm.since)));
  return alarm.subject ? `${text} (${alarm.subject})` : text;
}
