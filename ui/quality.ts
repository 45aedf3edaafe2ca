/**
 * How good speech can be over a network, from what is measured of it. Pure.
 *
 * The E-model of ITU-T G.107, with its default values, reduced to what a page can measure:
 *
 *     R = 93.2 − Id − Ie,eff
 *     Id = 0.024 d + 0.11 (d − 177.3) where d > 177.3      d: from mouth to ear, ms
 *     Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl + Bpl)          Ppl: packets lost, %
 *     MOS = 1 + 0.035 R + R (R − 60) (100 − R) · 7·10⁻⁶    (G.107, annex B)
 *
 * Id is the fit of Cole and Rosenbluth, "Voice over IP Performance Monitoring" (ACM CCR 31-2, 2001). Ie = 0 and
 * Bpl = 25.1 are those of G.711 with concealment, random loss (G.113, appendix I).
 */

const BEST = 93.2;
const IE = 0;
const BPL = 25.1;
/** One packet of 20 ms to be filled, and one being played. */
const PACKETS_MS = 40;
/** A jitter buffer holds about twice the jitter back. */
const BUFFER_JITTERS = 2;

export interface Measure {
  /** The worse of both directions, %. */
  lossPercent: number;
  jitterMs: number;
  roundTripMs: number;
}

/** Users satisfied, some dissatisfied, or many dissatisfied (G.107, table B.1). */
export type Level = "good" | "fair" | "poor";

export function rating({ lossPercent, jitterMs, roundTripMs }: Measure): number {
  const delay = roundTripMs / 2 + BUFFER_JITTERS * jitterMs + PACKETS_MS;
  const id = 0.024 * delay + (delay > 177.3 ? 0.11 * (delay - 177.3) : 0);
  const loss = Math.min(100, Math.max(0, lossPercent));
  return BEST - id - (IE + ((95 - IE) * loss) / (loss + BPL));
}

/** Mean opinion score, 1 to 4.5. */
export function mos(measure: Measure): number {
  const r = rating(measure);
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}

export function level(score: number): Level {
  if (score >= 4.03) return "good";
  return score >= 3.6 ? "fair" : "poor";
}

/** What to look at first: the measure that costs most. */
export function culprit(measure: Measure): "loss" | "jitter" | "delay" | undefined {
  const best = rating({ lossPercent: 0, jitterMs: 0, roundTripMs: 0 });
  const costs = [
    ["loss", best - rating({ ...measure, jitterMs: 0, roundTripMs: 0 })],
    ["jitter", best - rating({ lossPercent: 0, jitterMs: measure.jitterMs, roundTripMs: 0 })],
    ["delay", best - rating({ lossPercent: 0, jitterMs: 0, roundTripMs: measure.roundTripMs })],
  ] as const;
  if (level(mos(measure)) === "good") return undefined;
  return costs.reduce((worst, cost) => (cost[1] > worst[1] ? cost : worst))[0];
}

/** What a connection has counted so far; `far…`: what the other end says of what it gets. */
export interface Counters {
  received: number;
  lost: number;
  discarded: number;
  sent: number;
  farLost: number;
  jitterMs: number;
  farJitterMs: number;
  roundTripMs: number | undefined;
}

/** The network between two countings; undefined where too little was sent to tell. */
export function between(first: Counters, last: Counters): Measure | undefined {
  const sent = last.sent - first.sent;
  if (sent < 25 || last.roundTripMs === undefined) return undefined;
  const lost = Math.max(0, last.lost - first.lost) + Math.max(0, last.discarded - first.discarded);
  const expected = Math.max(0, last.received - first.received) + Math.max(0, last.lost - first.lost);
  const here = expected > 0 ? lost / expected : 0;
  const far = Math.max(0, last.farLost - first.farLost) / sent;
  return {
    lossPercent: Math.min(100, 100 * Math.max(here, far)),
    jitterMs: Math.max(last.jitterMs, last.farJitterMs),
    roundTripMs: last.roundTripMs,
  };
}

/** The counters in a connection's statistics. */
export function counters(report: Iterable<[string, Record<string, unknown>]>): Counters {
  const found: Counters = {
    received: 0,
    lost: 0,
    discarded: 0,
    sent: 0,
    farLost: 0,
    jitterMs: 0,
    farJitterMs: 0,
    roundTripMs: undefined,
  };
  let pairMs: number | undefined;
  for (const [, stat] of report) {
    if (stat.type === "inbound-rtp" && stat.kind === "audio") {
      found.received += amount(stat.packetsReceived);
      found.lost += Math.max(0, amount(stat.packetsLost));
      found.discarded += amount(stat.packetsDiscarded);
      found.jitterMs = Math.max(found.jitterMs, 1000 * amount(stat.jitter));
    } else if (stat.type === "outbound-rtp" && stat.kind === "audio") {
      found.sent += amount(stat.packetsSent);
    } else if (stat.type === "remote-inbound-rtp" && stat.kind === "audio") {
      found.farLost += Math.max(0, amount(stat.packetsLost));
      found.farJitterMs = Math.max(found.farJitterMs, 1000 * amount(stat.jitter));
      if (typeof stat.roundTripTime === "number") found.roundTripMs = 1000 * stat.roundTripTime;
    } else if (stat.type === "candidate-pair" && stat.nominated === true) {
      if (typeof stat.currentRoundTripTime === "number") pairMs = 1000 * stat.currentRoundTripTime;
    }
  }
  // The far end's reports come every few seconds; until the first, the path's own checks tell as well.
  found.roundTripMs ??= pairMs;
  return found;
}

function amount(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
