/** Rings once for each thing that asks to be answered: sound, title of the tab, notification. */

import { alertOffer, calm } from "./attention";
import { chime, prepareRing, startRing, stopRing } from "./sound";

export interface Ringing {
  /** The offer, or the call of the fallback. */
  id: string;
  who: string;
  detail: string;
  /** A call goes on: one short chime, so as not to cover the caller. */
  soft?: boolean;
}

export class Ring {
  private current: string | undefined;
  private silenced: string | undefined;

  /** Get ready ahead of the first offer. */
  prepare(): void {
    prepareRing();
  }

  /**
   * What asks to be answered now, if anything. Says whether it begins to ring.
   *
   * @param show makes a change visible; before it rings, because to start the ring takes as long as to show it.
   */
  watch(ringing: Ringing | undefined, show: () => void): boolean {
    if (ringing?.id === this.current) return false;
    this.current = ringing?.id;
    show();
    this.quiet();
    if (ringing === undefined || ringing.id === this.silenced) return false;
    if (ringing.soft) chime();
    else startRing();
    alertOffer(ringing.who, ringing.detail);
    return true;
  }

  /** The agent has answered this one: it rings no more, even before the core says so. */
  silence(id: string): void {
    this.silenced = id;
    this.quiet();
  }

  quiet(): void {
    stopRing();
    calm();
  }
}
