/** The keyboard of the strip. Function keys, so that they never fight with typing. */

import type { Action } from "./model";

export const KEYS: Record<Action, string> = {
  accept: "F2",
  decline: "F4",
  hang_up: "F4",
  hold: "F6",
  mute: "F7",
  pause: "F8",
  ready: "F9",
};

/** Key held for this long hangs up. */
export const HOLD_MS = 400;
/** A second press within this time hangs up. */
export const AGAIN_MS = 2000;
/** After the buttons changed, a click meant for the former ones is not taken. */
export const SETTLE_MS = 500;

/** What a key asks for, among what is allowed now. */
export function actionOf(key: string, allowed: readonly Action[]): Action | undefined {
  return allowed.find((action) => KEYS[action] === key);
}

/** Actions that end or lose a call: one key press is not enough. */
export function needsConfirmation(action: Action): boolean {
  return action === "hang_up" || action === "decline";
}

/** Confirmation by holding a key or pressing it again. Pure: instants (ms) are arguments. */
export type Guard = { armed: false } | { armed: true; action: Action; at: number; down: boolean };

export const DISARMED: Guard = { armed: false };

/** A press: `fire` when it is the second one in time. */
export function press(guard: Guard, action: Action, now: number): { guard: Guard; fire: boolean } {
  if (guard.armed && guard.action === action && now - guard.at <= AGAIN_MS)
    return { guard: DISARMED, fire: true };
  return { guard: { armed: true, action, at: now, down: true }, fire: false };
}

/** The key was let go. */
export function release(guard: Guard): Guard {
  return guard.armed ? { ...guard, down: false } : guard;
}

/** As time passes: `fire` when the key has been held long enough; disarmed when nothing followed. */
export function pass(guard: Guard, now: number): { guard: Guard; fire?: Action } {
  if (!guard.armed) return { guard };
  if (guard.down && now - guard.at >= HOLD_MS) return { guard: DISARMED, fire: guard.action };
  return now - guard.at > AGAIN_MS ? { guard: DISARMED } : { guard };
}
