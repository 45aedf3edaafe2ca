/** The telephone fallback as this position lives it: its call, and what the agent wants while the core is away. */

import type { CommandResult } from "$ui/live-connection";
import type { PauseReason } from "$ui/views";
import type { Action, SecoursCall } from "./model";
import type { Mute } from "./mute.svelte";
import type { SipLines } from "./sip-lines";

/** What it needs of the core, where there is one. */
export interface CoreDuringSecours {
  /** The core is there and would offer calls. */
  offers(): boolean;
  pause(reason: PauseReason): Promise<CommandResult>;
  ready(): Promise<CommandResult>;
}

export class Secours {
  call = $state.raw<SecoursCall>();
  /** The agent wants no fallback calls; only used while the core is lost. */
  paused = $state(false);
  /** When this began, ms of the server's time. */
  since = $state(0);
  private pausedCore = false;

  constructor(
    private readonly line: SipLines,
    private readonly mute: Mute,
    private readonly core: CoreDuringSecours,
  ) {}

  /** The telephone says that its call rings, goes on, is held, or is over. */
  changed(call: Omit<SecoursCall, "since"> | undefined, now: number): void {
    const answered = this.call?.state === "ringing" && call?.state === "talking";
    const ended = this.call !== undefined && this.call.state !== "ringing" && call === undefined;
    const goesOn = this.call !== undefined && call !== undefined && !answered;
    this.call = call && { ...call, since: goesOn && this.call ? this.call.since : now };
    if (answered) {
      this.mute.set(false);
      void this.keepCoreAway();
    }
    if (ended) {
      this.since = now;
      void this.letCoreBack();
    }
  }

  /** The core is away from now on. */
  begin(now: number, paused: boolean): void {
    this.since = now;
    this.paused = paused;
  }

  /** The core is back: a call of the fallback goes on first. */
  coreFound(): void {
    if (this.call !== undefined && this.call.state !== "ringing") void this.keepCoreAway();
  }

  /** What the agent asks about its call. */
  act(action: Action): void {
    if (action === "accept") this.line.answerSecours();
    else if (action === "decline" || action === "hang_up") this.line.endSecours();
    else if (action === "mute") this.mute.set(!this.mute.muted);
    else if (action === "hold") this.line.holdSecours(this.call?.state !== "held");
  }

  /** Pass the caller on to a number (E.164 or short). Whether the telephone server takes it. */
  passOn(number: string): Promise<boolean> {
    return this.line.passOnSecours(number);
  }

  /** No call of the core may be offered during a call of the fallback. */
  private async keepCoreAway(): Promise<void> {
    if (this.core.offers()) this.pausedCore = (await this.core.pause("other")).ok;
  }

  private async letCoreBack(): Promise<void> {
    if (!this.pausedCore) return;
    this.pausedCore = false;
    await this.core.ready();
  }
}
