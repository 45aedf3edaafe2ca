/** The directory at hand in a page: its copy, what is typed, what is found, which number is chosen. */

import { entryKinds } from "$ui/texts";
import { every } from "$ui/timers";
import type { DirectoryEntry } from "$ui/views";
import { type Copy, DirectoryCopy } from "./copy";
import { type Index, indexed, ranking, search } from "./search";
import { browserShelf } from "./shelf";

const REFRESH_MS = 60_000;

/** One number of one entry: what can be chosen. */
export interface Row {
  key: string;
  entry: DirectoryEntry;
  number: string;
  label: string;
}

export class DirectoryAtHand {
  query = $state("");
  chosen = $state(0);
  favourites = $state.raw<ReadonlySet<string>>(new Set());
  /** Whether the core answered the last time it was asked. */
  answered = $state(true);
  private index = $state.raw<Index>([]);

  readonly size = $derived(this.index.length);
  readonly rows = $derived(rows(search(this.index, this.query, ranking(this.favourites))));
  readonly row = $derived(this.rows[Math.min(this.chosen, this.rows.length - 1)]);

  private readonly copy: DirectoryCopy;
  private entries: readonly DirectoryEntry[] = [];
  private stopRefreshing = () => {};

  constructor() {
    this.copy = new DirectoryCopy(
      browserShelf,
      (path, init) => fetch(path, init),
      (copy) => this.show(copy),
    );
  }

  start(): void {
    void this.copy.open().then((answered) => {
      this.answered = answered;
    });
    this.stopRefreshing = every(REFRESH_MS, () => void this.refresh());
  }

  stop(): void {
    this.stopRefreshing();
  }

  /** What was typed has changed: begin again with the best. */
  type(query: string): void {
    this.query = query;
    this.chosen = 0;
  }

  /** Go so many numbers further. */
  move(by: number): void {
    const last = this.rows.length - 1;
    this.chosen = Math.max(0, Math.min(last, Math.min(this.chosen, last) + by));
  }

  /** Make an entry a favourite, or no more; whether the core took it. */
  star(entry: DirectoryEntry): Promise<boolean> {
    return this.copy.setFavourite(entry.id, !this.favourites.has(entry.id));
  }

  /** Ask the core for what has changed. */
  async refresh(): Promise<void> {
    this.answered = await this.copy.refresh();
  }

  private show(copy: Copy): void {
    this.favourites = copy.favourites;
    if (copy.entries === this.entries) return;
    this.entries = copy.entries;
    this.index = indexed(copy.entries, entryKinds);
  }
}

function rows(entries: readonly DirectoryEntry[]): Row[] {
  return entries.flatMap((entry) =>
    entry.numbers.map(({ number, label }, place) => ({ key: `${entry.id}-${place}`, entry, number, label })),
  );
}
