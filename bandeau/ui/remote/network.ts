/** Measures a connection's network by its own statistics: for a few seconds, or for as long as it lasts. */

import { between, type Counters, counters, type Level, level, type Measure, mos } from "$ui/quality";
import { every } from "$ui/timers";

/** The check before the shift lasts this long; a verdict is given from half of it on. */
export const CHECK_MS = 8000;
const CHECK_EVERY_MS = 500;
/** A shift: one look every so often, judged over so many. */
const WATCH_EVERY_MS = 5000;
const WATCH_LOOKS = 4;
/** The core is told of a change no more often. */
const TELL_EVERY_MS = 15_000;

export interface NetworkReport {
  state: "idle" | "measuring" | "done" | "failed";
  /** 0 to 1. */
  progress: number;
  measure?: Measure;
}

async function count(connection: RTCPeerConnection): Promise<Counters> {
  return counters((await connection.getStats()) as unknown as Map<string, Record<string, unknown>>);
}

/** Measure for {@link CHECK_MS}. Returns how to stop before; what was found by then counts, if it is enough. */
export function check(connection: RTCPeerConnection, tell: (report: NetworkReport) => void): () => void {
  const started = performance.now();
  let first: Counters | undefined;
  let measure: Measure | undefined;
  let over = false;
  const finish = () => {
    if (over) return;
    over = true;
    stop();
    const enough = performance.now() - started >= CHECK_MS / 2;
    tell(measure && enough ? { state: "done", progress: 1, measure } : { state: "failed", progress: 0 });
  };
  const look = async () => {
    const now = await count(connection).catch(() => undefined);
    if (over) return;
    if (now) {
      first ??= now;
      measure = between(first, now) ?? measure;
    }
    const progress = Math.min(1, (performance.now() - started) / CHECK_MS);
    if (progress >= 1 || connection.connectionState === "closed") finish();
    else tell({ state: "measuring", progress, ...(measure && { measure }) });
  };
  const stop = every(CHECK_EVERY_MS, () => void look());
  tell({ state: "measuring", progress: 0 });
  return finish;
}

/** Watches the kept leg during the shift. `tell` is given each change of level, and the first one. */
export class NetworkWatch {
  private looks: Counters[] = [];
  private connection: RTCPeerConnection | undefined;
  private doubt: Level | undefined;
  private level: Level | undefined;
  private toldAt = -TELL_EVERY_MS;
  private readonly cancel: () => void;

  constructor(
    private readonly leg: () => RTCPeerConnection | undefined,
    private readonly tell: (measure: Measure, level: Level) => void,
  ) {
    this.cancel = every(WATCH_EVERY_MS, () => void this.look());
  }

  stop(): void {
    this.cancel();
  }

  private async look(): Promise<void> {
    const connection = this.leg();
    if (connection !== this.connection) this.looks = [];
    this.connection = connection;
    const now = connection && (await count(connection).catch(() => undefined));
    if (now === undefined || connection !== this.leg()) return;
    this.looks = [...this.looks.slice(1 - WATCH_LOOKS), now];
    const measure = between(this.looks[0] as Counters, now);
    if (measure) this.judge(measure);
  }

  /** One bad look is no news: two in a row are. */
  private judge(measure: Measure): void {
    const found = level(mos(measure));
    const sure = found === this.doubt;
    this.doubt = found;
    const soon = performance.now() - this.toldAt < TELL_EVERY_MS;
    if (!sure || found === this.level || soon) return;
    this.level = found;
    this.toldAt = performance.now();
    this.tell(measure, found);
  }
}
