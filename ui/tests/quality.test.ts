import { expect, test } from "vitest";
import { between, type Counters, counters, culprit, level, type Measure, mos, rating } from "../quality";

const at = (lossPercent: number, jitterMs: number, roundTripMs: number): Measure => ({
  lossPercent,
  jitterMs,
  roundTripMs,
});

// Worked by hand from the formulas of quality.ts.
test.each([
  [at(0, 0, 0), 92.24, 4.4, "good"],
  [at(0, 5, 40), 91.52, 4.38, "good"],
  [at(1, 5, 40), 87.88, 4.28, "good"],
  [at(3, 10, 60), 80.66, 4.05, "good"],
  [at(5, 10, 100), 74.42, 3.81, "fair"],
  [at(2, 60, 200), 70.85, 3.64, "fair"],
  [at(10, 30, 150), 61.94, 3.2, "poor"],
  [at(0, 20, 500), 68.81, 3.55, "poor"],
  [at(40, 100, 800), -31.43, 1, "poor"],
  [at(100, 0, 0), 16.3, 1.13, "poor"],
])("%j is rated", (measure, r, score, verdict) => {
  expect(rating(measure)).toBeCloseTo(r, 0);
  expect(mos(measure)).toBeCloseTo(score, 1);
  expect(level(mos(measure))).toBe(verdict);
});

test("the score never rises as the network gets worse", () => {
  for (const worse of [at(1, 0, 0), at(0, 1, 0), at(0, 0, 1)]) {
    let before = 5;
    for (let steps = 0; steps <= 100; steps += 1) {
      const now = mos(at(worse.lossPercent * steps, worse.jitterMs * steps, worse.roundTripMs * steps * 10));
      expect(now).toBeLessThanOrEqual(before);
      expect(now).toBeGreaterThanOrEqual(1);
      before = now;
    }
  }
});

test.each([
  [at(0, 2, 20), undefined],
  [at(12, 10, 60), "loss"],
  [at(1, 150, 60), "jitter"],
  [at(1, 10, 700), "delay"],
])("what costs most in %j", (measure, worst) => {
  expect(culprit(measure)).toBe(worst);
});

const zero: Counters = {
  received: 0,
  lost: 0,
  discarded: 0,
  sent: 0,
  farLost: 0,
  jitterMs: 0,
  farJitterMs: 0,
  roundTripMs: undefined,
};

test.each([
  ["nothing sent", zero, { ...zero, roundTripMs: 10 }, undefined],
  ["no round trip yet", zero, { ...zero, sent: 400 }, undefined],
  ["a clean network", zero, { ...zero, sent: 400, received: 400, roundTripMs: 12 }, at(0, 0, 12)],
  [
    "lost on the way here",
    zero,
    { ...zero, sent: 400, received: 380, lost: 20, roundTripMs: 12 },
    at(5, 0, 12),
  ],
  ["come too late", zero, { ...zero, sent: 400, received: 400, discarded: 20, roundTripMs: 12 }, at(5, 0, 12)],
  [
    "lost on the way there",
    zero,
    { ...zero, sent: 400, farLost: 40, farJitterMs: 7, roundTripMs: 12 },
    at(10, 7, 12),
  ],
  ["nobody is heard", { ...zero, sent: 100 }, { ...zero, sent: 400, roundTripMs: 9 }, at(0, 0, 9)],
] as const)("%s", (_, first, last, found) => {
  expect(between(first, last)).toEqual(found);
});

test("counters are read from what a browser gives", () => {
  const stats = new Map<string, Record<string, unknown>>([
    ["a", { type: "inbound-rtp", kind: "audio", packetsReceived: 390, packetsLost: 10, jitter: 0.004 }],
    ["b", { type: "outbound-rtp", kind: "audio", packetsSent: 400 }],
    ["c", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.02 }],
    ["d", { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 }],
    ["e", { type: "outbound-rtp", kind: "video", packetsSent: 9 }],
  ]);
  const found = counters(stats);
  expect(found).toMatchObject({ received: 390, lost: 10, sent: 400, jitterMs: 4, roundTripMs: 20 });
  stats.set("f", {
    type: "remote-inbound-rtp",
    kind: "audio",
    packetsLost: 3,
    jitter: 0.006,
    roundTripTime: 0.05,
  });
  expect(counters(stats)).toMatchObject({ farLost: 3, farJitterMs: 6, roundTripMs: 50 });
});
