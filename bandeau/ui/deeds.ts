/** What the core is asked for when an agent presses a button or a key. */

import { mainCall } from "./calls";
import type { Arguments } from "./commands.svelte";
import { type Action, face, type Situation } from "./model";

export interface Deed {
  command: string;
  args?: Arguments;
}

/** The command of an action; none where the page asks for more before, or does it by itself. */
export function deedOf(action: Action, s: Situation): Deed | undefined {
  switch (action) {
    case "accept":
    case "decline":
      return { command: `${action}_offer`, args: { offerId: s.view?.offer?.id ?? "" } };
    case "hold":
      return { command: face(s) === "held" ? "resume" : "hold" };
    case "complete":
      return { command: "complete_transfer" };
    case "record":
      return { command: "resume_recording" };
    case "leave":
      return { command: "leave_call", args: { callId: mainCall(s.view)?.id ?? "" } };
    case "mute":
      return undefined;
    case "pause":
      // Without a reason it can only take back a planned pause; else the page asks for the reason first.
      return s.view?.position.pausePending ? { command: "ready" } : undefined;
    default:
      return { command: action };
  }
}
