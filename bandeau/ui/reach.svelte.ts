/** Everybody one may reach from the command field: kept in the page, refreshed when the field opens. */

import { ApiError, type Reachable, reachable, recentCalls } from "$ui/api";
import { every } from "$ui/timers";
import type { RecentCall, StripView } from "$ui/views";
import { colleagueEntries, type Entry, recentEntries, roomEntries } from "./find";

/** While the field is open, states of colleagues are asked for again this often. */
const EVERY_MS = 2000;

export class Reach {
  private colleagues = $state.raw<Reachable[]>([]);
  private recents = $state.raw<RecentCall[]>([]);
  private asking = false;

  constructor(
    private readonly own: string,
    private readonly view: () => StripView | undefined,
  ) {}

  entries: Entry[] = $derived.by(() => [
    ...colleagueEntries(this.colleagues, this.own),
    ...roomEntries(this.view()),
    ...recentEntries(this.recents, this.colleagues),
  ]);

  /** Ask again now, then from time to time. What is known stays usable meanwhile. Returns how to stop. */
  follow(): () => void {
    void this.refresh();
    return every(EVERY_MS, () => void this.refresh());
  }

  nameOf(position: string): string {
    return this.colleagues.find((colleague) => colleague.position === position)?.name ?? position;
  }

  private async refresh(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      const [colleagues, recents] = await Promise.all([reachable(), recentCalls()]);
      this.colleagues = colleagues;
      this.recents = recents ?? this.recents;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    } finally {
      this.asking = false;
    }
  }
}
