import { describe, expect, it } from "vitest";
import { KEPT_SECONDS, Tape } from "../tape";

const RATE = 100;
const second = (value: number) => new Float32Array(RATE).fill(value);
const samples = (wav: Uint8Array<ArrayBuffer>) => new Int16Array(wav.buffer, 44);

describe("the tape", () => {
  it("gives the last seconds, in order", () => {
    const tape = new Tape(RATE);
    for (const value of [0.1, 0.2, 0.3]) tape.add(second(value));
    const heard = samples(tape.wav(2));
    expect(heard.length).toBe(2 * RATE);
    expect([heard[0], heard[RATE - 1], heard[RATE]]).toEqual([6553, 6553, 9830]);
  });

  it("gives what there is", () => {
    const tape = new Tape(RATE);
    tape.add(second(1));
    expect(samples(tape.wav(60)).length).toBe(RATE);
    expect(samples(new Tape(RATE).wav(10)).length).toBe(0);
  });

  it("keeps a minute and no more", () => {
    const tape = new Tape(RATE);
    for (let i = 0; i < 3 * KEPT_SECONDS; i++) tape.add(second(0));
    expect(tape.seconds).toBeGreaterThanOrEqual(KEPT_SECONDS);
    expect(tape.seconds).toBeLessThan(KEPT_SECONDS + 1.01);
  });

  it("writes a WAV file of its rate", () => {
    const tape = new Tape(RATE);
    tape.add(second(0));
    const view = new DataView(tape.wav(1).buffer);
    expect([view.getUint32(24, true), view.getUint32(40, true)]).toEqual([RATE, RATE * 2]);
  });

  it("forgets", () => {
    const tape = new Tape(RATE);
    tape.add(second(1));
    tape.wipe();
    expect(tape.seconds).toBe(0);
  });
});
