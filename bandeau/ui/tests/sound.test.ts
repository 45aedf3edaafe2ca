import { describe, expect, it } from "vitest";
import { levelOf, SPEECH } from "../sound";

describe("levelOf", () => {
  it.each([
    [0, 0],
    [1e-7, 0],
    [1e-6, 0],
    [10 ** -3.5, 0.5],
    [0.1, 1],
    [1, 1],
  ])("power %d is %d", (power, level) => {
    expect(levelOf(power)).toBeCloseTo(level, 5);
  });
  it("tells speech (−40 dB) from a quiet room (−55 dB)", () => {
    expect(levelOf(10 ** -4)).toBeGreaterThan(SPEECH);
    expect(levelOf(10 ** -5.5)).toBeLessThan(SPEECH);
  });
});
