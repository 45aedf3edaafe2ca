/** Where things are along a recording: what is in sight, and what lies where. Seconds from the first sound. Pure. */

import type { Pause, Sequence } from "./types";

/** The part in sight. */
export interface Sight {
  begins: number;
  ends: number;
}

/** The shortest part one can look at. */
const CLOSEST = 4;

export const whole = (length: number): Sight => ({ begins: 0, ends: Math.max(length, CLOSEST) });

/** How far along what is in sight: 0 at its left, 1 at its right. */
export const share = (sight: Sight, at: number): number =>
  (at - sight.begins) / Math.max(sight.ends - sight.begins, 0.001);

/** What lies that far along. */
export const instantAt = (sight: Sight, along: number): number =>
  sight.begins + along * (sight.ends - sight.begins);

/** The same sight nearer (`factor` below 1) or farther, with `around` where it was. */
export function zoomed(sight: Sight, length: number, factor: number, around: number): Sight {
  const all = whole(length).ends;
  const wide = Math.min(all, Math.max(Math.min(CLOSEST, all), (sight.ends - sight.begins) * factor));
  const left = around - share(sight, around) * wide;
  const begins = Math.min(Math.max(0, left), all - wide);
  return { begins, ends: begins + wide };
}

/** The sight moved so that `at` is in it: a page on, or with it near the left. */
export function following(sight: Sight, length: number, at: number): Sight {
  if (at >= sight.begins && at <= sight.ends) return sight;
  const wide = sight.ends - sight.begins;
  const begins = Math.min(Math.max(0, at - wide * 0.1), Math.max(0, whole(length).ends - wide));
  return { begins, ends: begins + wide };
}

/** The sequence at an instant: the last to begin where several do. */
export function sequenceAt(sequences: readonly Sequence[], at: number): Sequence | undefined {
  return sequences.findLast(({ begins, ends }) => at >= begins && at < ends);
}

/** A pause that holds an instant: nothing was recorded then. */
export function pauseAt(pauses: readonly Pause[], at: number): Pause | undefined {
  return pauses.find(({ begins, ends }) => at >= begins && at < ends);
}

/** A little after the start of something, one goes back before it. */
const JUST_BEGUN = 1.5;

/** Where the next sequence begins, or, going back, this one or the one before. */
export function beside(sequences: readonly Sequence[], at: number, back: boolean): number | undefined {
  const starts = sequences.map(({ begins }) => begins).sort((one, other) => one - other);
  return back ? starts.findLast((start) => start < at - JUST_BEGUN) : starts.find((start) => start > at + 0.05);
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Instants to write under what is in sight, at most so many. */
export function marks(sight: Sight, most: number): number[] {
  const wide = sight.ends - sight.begins;
  const step = STEPS.find((each) => wide / each <= most) ?? 7200;
  const first = Math.ceil(sight.begins / step) * step;
  return Array.from(
    { length: Math.max(0, Math.floor((sight.ends - first) / step) + 1) },
    (_, i) => first + i * step,
  );
}

/** A part that is played again and again. */
export interface Loop {
  a?: number;
  b?: number;
}

/** One end of the loop set; ends the wrong way round change places. */
export function looped(loop: Loop, end: "a" | "b", at: number): Loop {
  const a = end === "a" ? at : loop.a;
  const b = end === "b" ? at : loop.b;
  if (a === undefined || b === undefined) return { [end]: at };
  return a <= b ? { a, b } : { a: b, b: a };
}

/** Where to go on from an instant, with that loop. */
export function inLoop(loop: Loop, at: number): number {
  const { a, b } = loop;
  return a !== undefined && b !== undefined && b - a > 0.05 && at >= b ? a : at;
}
