/** What a position away from the centre adds to the strip: its telephone, and a watch on its network. */

import type { CommandResult } from "$ui/live-connection";
import { type Level, level, type Measure, mos } from "$ui/quality";
import type { StripView } from "$ui/views";
import type { LegState } from "../model";
import type { SipLines } from "../sip-lines";
import { NetworkWatch } from "./network";
import { notePhoneInUse, type PhoneWish, phoneInUse } from "./phone";

type Tell = (name: string, args?: Record<string, string | number | boolean>) => Promise<CommandResult>;

export interface AwayHandlers {
  tell: Tell;
  /** The telephone's leg, where there is one: the page has none then. */
  leg(state: LegState): void;
  refused(result: CommandResult): void;
}

/** `undefined`: as it was before the page was loaded again. */
export type SoundWish = PhoneWish | "headset" | undefined;

export class Away {
  /** How good the network is now; undefined until it is known. */
  network = $state<Level>();
  /** A telephone carries the sound, or is wished to. */
  phoned = false;
  private wish: SoundWish;
  private watch: NetworkWatch | undefined;
  private checked: Measure | undefined;

  constructor(
    private readonly line: SipLines,
    private readonly handlers: AwayHandlers,
  ) {}

  /** The strip begins; `measure` is what the check before the shift found. Whether the page opens a leg itself. */
  begin(wish: SoundWish, measure: Measure | undefined): boolean {
    this.wish = wish;
    this.phoned = wish === undefined ? phoneInUse() : wish !== "headset";
    this.checked = measure;
    this.network = measure && level(mos(measure));
    this.watch = new NetworkWatch(
      () => this.line.legConnection,
      (found, at) => {
        this.network = at;
        void this.report("shift", found);
      },
    );
    return !this.phoned;
  }

  stop(): void {
    this.watch?.stop();
    this.watch = undefined;
    this.network = undefined;
  }

  /** The core can be told: what the agent wishes, and what the check found. */
  async linkUp(): Promise<void> {
    if (this.checked) void this.report("check", this.checked);
    this.checked = undefined;
    const wish = this.wish;
    if (wish === undefined || wish === "headset") return;
    const result = await this.handlers.tell("use_phone", { number: wish.number, mode: wish.mode });
    if (result.ok) {
      this.wish = undefined;
    } else if (result.code !== "disconnected" && result.code !== "timeout") {
      this.wish = undefined;
      this.handlers.refused(result);
      this.use(false);
    }
  }

  /** The core shows another view. */
  follow(view: StripView): void {
    if (view.position === undefined) return;
    const phoned = view.phone !== undefined;
    if (this.wish === "headset") {
      this.wish = undefined;
      if (phoned) void this.handlers.tell("use_headset");
      return;
    }
    if (this.wish === undefined && phoned !== this.phoned) this.use(phoned);
    if (phoned) this.handlers.leg(view.position.leg || view.phone?.state === "idle" ? "open" : "opening");
  }

  /** Have the telephone called now. */
  async ring(): Promise<void> {
    this.handlers.refused(await this.handlers.tell("ring_phone"));
  }

  /** The core's leg is a telephone, or the page's own. */
  private use(phone: boolean): void {
    this.phoned = phone;
    notePhoneInUse(phone);
    if (phone) this.line.closeLeg();
    else this.line.openLeg();
  }

  private report(phase: "check" | "shift", measure: Measure): Promise<CommandResult> {
    return this.handlers.tell("report_network", {
      phase,
      lossPerMille: Math.round(Math.min(100, measure.lossPercent) * 10),
      jitterMs: Math.round(Math.min(60_000, measure.jitterMs)),
      roundTripMs: Math.round(Math.min(60_000, measure.roundTripMs)),
      mosHundredths: Math.round(mos(measure) * 100),
    });
  }
}
