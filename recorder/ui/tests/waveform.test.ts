import { describe, expect, it } from "vitest";
import { columns, height } from "../waveform";

/** Two lanes of 100 parts of 20 ms: the caller loud at one place, the centre all along. */
const peaks = new Uint8Array(200);
peaks[2 * 50] = 127;
for (let i = 0; i < 100; i++) peaks[2 * i + 1] = 32;

describe("the columns of a lane", () => {
  it("hold the loudest of their part", () => {
    const drawn = columns(peaks, 0, { begins: 0, ends: 2 }, 10);
    expect([...drawn]).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  it("tell the lanes apart", () => {
    expect(new Set(columns(peaks, 1, { begins: 0, ends: 2 }, 10))).toEqual(new Set([Math.fround(32 / 127)]));
  });

  it("are of what is in sight, also where a part is wider than a column", () => {
    const drawn = columns(peaks, 0, { begins: 0.98, ends: 1.04 }, 9);
    expect([...drawn].map(Boolean)).toEqual([false, false, false, true, true, true, false, false, false]);
  });

  it("are empty beyond the end", () => {
    expect([...columns(peaks, 1, { begins: 2, ends: 4 }, 4)]).toEqual([0, 0, 0, 0]);
    expect(columns(new Uint8Array(), 0, { begins: 0, ends: 4 }, 3)).toEqual(new Float32Array(3));
  });
});

it("draws soft voices high enough to be seen, and none at all for silence", () => {
  expect(height(0)).toBe(0);
  expect(height(0.04)).toBeCloseTo(0.2);
  expect(height(1)).toBe(1);
});
