/** An action that ends or loses a call is asked for twice, or by a key held. Pure: instants (ms) are arguments. */

import type { Action } from "./model";

/** Key held for this long hangs up. */
export const HOLD_MS = 400;
/** A second press within this time hangs up. */
export const AGAIN_MS = 2000;

/** Actions that end or lose a call: one key press is not enough. */
export function needsConfirmation(action: Action): boolean {
  return action === "hang_up" || action === "decline";
}

/** What has been asked for once, since when, and whether its key is still down. */
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
