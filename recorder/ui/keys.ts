/** What the keys do while a recording is open. Pure. */

import { recordings as texts } from "$ui/texts";

export type Deed =
  | "play"
  | "stop"
  | "back"
  | "on"
  | "backLong"
  | "onLong"
  | "backShort"
  | "onShort"
  | "previous"
  | "next"
  | "begin"
  | "end"
  | "faster"
  | "slower"
  | "loopA"
  | "loopB"
  | "loopOff"
  | "mark"
  | "caller"
  | "centre"
  | "nearer"
  | "farther"
  | "fit"
  | "export"
  | "search"
  | "help";

interface Shortcut {
  /** As `keyName` names it. */
  keys: readonly string[];
  shown: string;
  deed: Deed;
}

export const KEYMAP: readonly Shortcut[] = [
  { keys: [" ", "k"], shown: "Espace · K", deed: "play" },
  { keys: ["ArrowLeft"], shown: "←", deed: "back" },
  { keys: ["ArrowRight"], shown: "→", deed: "on" },
  { keys: ["Shift+ArrowLeft"], shown: "⇧ ←", deed: "backShort" },
  { keys: ["Shift+ArrowRight"], shown: "⇧ →", deed: "onShort" },
  { keys: ["j"], shown: "J", deed: "backLong" },
  { keys: ["l"], shown: "L", deed: "onLong" },
  { keys: ["p"], shown: "P", deed: "previous" },
  { keys: ["n"], shown: "N", deed: "next" },
  { keys: ["Home"], shown: "Début", deed: "begin" },
  { keys: ["End"], shown: "Fin", deed: "end" },
  { keys: ["+", "="], shown: "+", deed: "faster" },
  { keys: ["-"], shown: "−", deed: "slower" },
  { keys: ["a"], shown: "A", deed: "loopA" },
  { keys: ["b"], shown: "B", deed: "loopB" },
  { keys: ["r"], shown: "R", deed: "loopOff" },
  { keys: ["m"], shown: "M", deed: "mark" },
  { keys: ["c"], shown: "C", deed: "caller" },
  { keys: ["v"], shown: "V", deed: "centre" },
  { keys: ["z"], shown: "Z", deed: "nearer" },
  { keys: ["Shift+Z"], shown: "⇧ Z", deed: "farther" },
  { keys: ["0"], shown: "0", deed: "fit" },
  { keys: ["e"], shown: "E", deed: "export" },
  { keys: ["/"], shown: "/", deed: "search" },
  { keys: ["?"], shown: "?", deed: "help" },
];

/** The name of a key here: arrows and letters tell whether Maj is down, signs that need it do not. */
export function keyName(event: Pick<KeyboardEvent, "key" | "shiftKey">): string {
  if (event.key.length === 1 && event.key.toLowerCase() === event.key.toUpperCase()) return event.key;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!event.shiftKey) return name;
  return `Shift+${event.key.length === 1 ? event.key.toUpperCase() : event.key}`;
}

/** What a key does; `typing`: the focus is where one writes, and keeps every key. */
export function deedOf(event: KeyboardEvent, typing: boolean): Deed | undefined {
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return undefined;
  const name = keyName(event);
  return KEYMAP.find(({ keys }) => keys.includes(name))?.deed;
}

export const keyOf = (deed: Deed): string => KEYMAP.find((row) => row.deed === deed)?.shown ?? "";

export const doesOf = (deed: Deed): string => texts.deeds[deed];

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;

/** The next speed up or down; the same at the ends. */
export function speedAfter(speed: number, step: 1 | -1): number {
  const at = (SPEEDS as readonly number[]).indexOf(speed);
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + step))] ?? 1;
}

/** Seconds that a deed moves by. */
export const MOVES: Partial<Record<Deed, number>> = {
  back: -5,
  on: 5,
  backLong: -10,
  onLong: 10,
  backShort: -1,
  onShort: 1,
};
