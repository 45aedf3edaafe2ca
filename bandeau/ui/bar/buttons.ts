/** The buttons of the strip: one row of this table for each action. Pure. */

import { calls, passOn, recording, strip as texts } from "$ui/texts";
import { ACTIONS, type Icon } from "../icons";
import type { Action, Face } from "../model";
import type { PanelName } from "../panels/panels.svelte";

/** What the looks of the buttons depend on. */
export interface Moment {
  readonly face: Face;
  readonly muted: boolean;
  readonly coreLost: boolean;
  /** A call of the fallback rings or goes on. */
  readonly secours: boolean;
  /** A call of the core goes on. */
  readonly onCall: boolean;
  /** And another one beside it. */
  readonly two: boolean;
  readonly pausePending: boolean;
  /** The action that waits for its confirmation. */
  readonly armed: Action | undefined;
}

export interface Button {
  readonly Icon: Icon;
  readonly label: string;
  readonly testid: string;
  readonly look?: "plain" | "answer" | "danger" | "go" | "on" | "cut";
  readonly width?: "double" | "wide";
  /** A button with two positions: whether it is down. */
  readonly down?: boolean | undefined;
  readonly pulse?: boolean;
}

const BUTTONS: Record<Action, (now: Moment) => Button> = {
  accept: () => ({
    Icon: ACTIONS.Phone,
    label: texts.accept,
    testid: "accept",
    look: "answer",
    width: "double",
    pulse: true,
  }),
  decline: ({ armed }) => ({
    Icon: ACTIONS.PhoneOff,
    label: armed === "decline" ? texts.declineAgain : texts.decline,
    testid: "decline",
  }),
  complete: () => ({ Icon: ACTIONS.Link, label: calls.complete, testid: "complete" }),
  merge: () => ({ Icon: ACTIONS.Merge, label: calls.merge, testid: "merge" }),
  leave: () => ({ Icon: ACTIONS.LogOut, label: calls.leave, testid: "leave" }),
  swap: () => ({ Icon: ACTIONS.ArrowLeftRight, label: calls.swap, testid: "swap" }),
  hold: ({ face }) => {
    const held = face === "held" || face === "secours_held";
    return {
      Icon: held ? ACTIONS.Play : ACTIONS.Pause,
      label: held ? texts.resume : texts.hold,
      testid: "hold",
      look: held ? "on" : "plain",
      down: held,
    };
  },
  mute: ({ muted }) => ({
    Icon: muted ? ACTIONS.MicOff : ACTIONS.Mic,
    label: muted ? texts.unmute : texts.mute,
    testid: "mute",
    look: muted ? "cut" : "plain",
    down: muted,
  }),
  hang_up: ({ armed, coreLost, secours }) => ({
    Icon: ACTIONS.PhoneOff,
    label: armed === "hang_up" ? texts.hangUpAgain : coreLost && !secours ? texts.finish : texts.hangUp,
    testid: "hang-up",
    look: "danger",
  }),
  record: () => ({
    Icon: ACTIONS.Disc,
    label: recording.resume,
    testid: "record",
    look: "on",
    pulse: true,
  }),
  ready: () => ({
    Icon: ACTIONS.CircleCheck,
    label: texts.ready,
    testid: "ready",
    look: "go",
    width: "wide",
  }),
  pause: ({ pausePending, onCall }) => ({
    Icon: ACTIONS.Coffee,
    label: pausePending ? texts.pausePlanned : texts.pause,
    testid: "pause",
    look: pausePending ? "on" : "plain",
    down: onCall ? pausePending : undefined,
  }),
};

/** The button of an action, as it looks now. */
export function button(action: Action, now: Moment): Button {
  return BUTTONS[action](now);
}

/** Actions that have their place elsewhere at times: beside the call on hold, above it, or in the menu. */
export const BAR: Partial<Record<Action, (now: Moment) => boolean>> = {
  swap: () => false,
  record: () => false,
  pause: ({ onCall }) => !onCall,
  accept: ({ onCall }) => !onCall,
  decline: ({ onCall }) => !onCall,
};

/** A button that opens a panel. */
export interface Opener {
  readonly panel: PanelName;
  readonly Icon: Icon;
  readonly label: string;
  readonly testid: string;
  readonly when: (now: Moment) => boolean;
}

const calm: Face[] = ["ready", "paused", "wrap_up", "unready"];

export const OPENERS: readonly Opener[] = [
  {
    panel: "field",
    Icon: ACTIONS.Phone,
    label: calls.call,
    testid: "open-field",
    when: ({ face, onCall }) => onCall || calm.includes(face),
  },
  {
    panel: "pass_on",
    Icon: ACTIONS.PhoneForwarded,
    label: passOn.open,
    testid: "open-pass-on",
    when: ({ face }) => face === "secours_on_call" || face === "secours_held",
  },
  {
    panel: "park",
    Icon: ACTIONS.Stethoscope,
    label: calls.park,
    testid: "open-park",
    when: ({ onCall, two }) => onCall && !two,
  },
];
