/** The microphone, open or cut: here at once, then told to the core. */

import type { CommandResult } from "$ui/live-connection";
import type { SipLines } from "./sip-lines";

/** What one must know to believe the core's word, or to say one's own again. */
interface Moment {
  linkUp: boolean;
  onCall: boolean;
  /** A call of the fallback, which the core does not know. */
  secours: boolean;
}

export class Mute {
  muted = $state(false);
  /** Changes that the core has not answered yet. */
  unanswered = $state(0);
  private untold = false;

  constructor(
    private readonly line: SipLines,
    private readonly tell: (muted: boolean) => Promise<CommandResult>,
  ) {}

  set(muted: boolean): void {
    this.muted = muted;
    this.line.muteLeg(muted);
    this.line.muteSecours(muted);
  }

  /** The core's word wins, except for a change it could not be told while it was away. */
  follow(muted: boolean, { linkUp, onCall, secours }: Moment): void {
    if (secours || this.unanswered > 0) return;
    if (this.untold && linkUp) {
      this.untold = false;
      if (muted !== this.muted && onCall) {
        void this.tell(this.muted);
        return;
      }
    }
    if (!this.untold) this.set(muted);
  }

  /** Cut or open while the core is away: it is told when it is back. */
  toggleUntold(): void {
    this.untold = true;
    this.set(!this.muted);
  }

  /** Cut or open, and tell the core. Not heard by the core, the agent's word stands. */
  async toggle(): Promise<CommandResult> {
    // The microphone is cut here first: nothing more may be heard, whatever the network does.
    this.set(!this.muted);
    this.unanswered += 1;
    const result = await this.tell(this.muted);
    this.unanswered -= 1;
    if (result.ok || (result.code !== "disconnected" && result.code !== "timeout")) return result;
    this.untold = true;
    return { ok: true };
  }
}
