/**
 * Instant recall where the position's sound is a telephone: this page hears nothing of the call, so the centre plays
 * the last words of the caller, from its recording, into the telephone alone.
 */

import type { StripView } from "$ui/views";
import type { Arguments } from "../commands.svelte";
import type { Replay } from "../recall.svelte";

/** Per cent of the usual speed. */
const USUAL_SPEED = 100;
const SLOW_SPEED = 70;

interface Links {
  /** What the centre shows, and its time. */
  view: () => StripView | undefined;
  now: () => number;
  ask: (name: string, args?: Arguments) => Promise<boolean>;
}

export class FarRecall implements Replay {
  readonly kept = undefined;

  constructor(private readonly links: Links) {}

  get playing(): number | undefined {
    return this.links.view()?.recall?.asked;
  }

  get progress(): number {
    const recall = this.links.view()?.recall;
    if (!recall) return 0;
    return Math.min(1, Math.max(0, (this.links.now() - Date.parse(recall.startedAt)) / 1000 / recall.seconds));
  }

  play(seconds: number, slow: boolean): void {
    void this.links.ask("play_recall", { seconds, speed: slow ? SLOW_SPEED : USUAL_SPEED });
  }

  stop(): void {
    if (this.playing !== undefined) void this.links.ask("stop_recall");
  }
}
