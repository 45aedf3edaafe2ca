/** Priorities of calls, as screens show them. Pure. */

import type { Priority } from "./views";

/** How urgent a priority looks. */
export function urgency(priority: Priority): "vital" | "high" | "usual" {
  if (priority === "UV" || priority === "P0") return "vital";
  return priority === "P1" || priority === "NR" ? "high" : "usual";
}
