/** The agent's recent calls, as they are shown. Pure. */

import { duration, phoneNumber } from "$ui/format";
import { recent as texts } from "$ui/texts";
import type { RecentCall } from "$ui/views";

/** Who was at the other end. */
export function who(call: RecentCall): string {
  if (call.number !== undefined) return phoneNumber(call.number);
  if (call.kind === "internal") return call.position ? texts.colleague(call.position) : texts.everybody;
  return texts.hidden;
}

/** How long one talked, or that nobody did. */
export function howLong(call: RecentCall): string {
  if (call.way === "missed") return "";
  if (call.endedAt === undefined) return texts.ongoing;
  if (call.answeredAt === undefined && call.kind === "incoming") return texts.unanswered;
  return duration(Date.parse(call.endedAt) - Date.parse(call.answeredAt ?? call.at));
}
