/** How a call ended: the values of the journal. */
export const OUTCOMES = [
  "answered",
  "abandoned_svi",
  "abandoned_queue",
  "abandoned_ringing",
  "fallback",
  "technical_failure",
  "overflowed",
  "refused",
  "callback_asked",
  "not_reached",
  "taken_back",
] as const;

export type Outcome = (typeof OUTCOMES)[number];
