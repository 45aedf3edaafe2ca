import { describe, expect, it } from "vitest";
import { chime } from "../hold-music";

describe("chime", () => {
  const samples = chime(8000);
  it("is soft, and is heard all the time but for a breath between two notes", () => {
    expect(Math.max(...samples)).toBeLessThan(0.13);
    for (let at = 0; at + 1600 <= samples.length; at += 1600)
      expect(Math.max(...samples.slice(at, at + 1600))).toBeGreaterThan(0.05);
  });
  it("goes round without a click", () => {
    expect(Math.abs((samples.at(-1) ?? 1) - (samples[0] ?? 1))).toBeLessThan(0.01);
  });
});
