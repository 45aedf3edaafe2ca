/** The page's own copy of the directory: from the shelf at once, from the core when it answers. No screen. */

import type { DirectoryEntry } from "$ui/views";
import type { Kept, Shelf } from "./shelf";

export type Fetch = (path: string, init?: RequestInit) => Promise<Response>;

export interface Copy {
  entries: readonly DirectoryEntry[];
  favourites: ReadonlySet<string>;
}

export class DirectoryCopy {
  private kept: Kept = { etag: "", entries: [], favourites: [] };

  constructor(
    private readonly shelf: Shelf,
    private readonly ask: Fetch,
    private readonly changed: (copy: Copy) => void,
  ) {}

  /** What was kept by an earlier visit; then what the core has. Whether the core answered. */
  async open(): Promise<boolean> {
    const kept = await this.shelf.read();
    if (kept !== undefined) {
      this.kept = kept;
      this.tell();
    }
    return this.refresh();
  }

  /** Ask the core for what has changed; without an answer the copy stays. Whether it answered. */
  async refresh(): Promise<boolean> {
    const entries = await this.entries();
    const favourites = await this.favourites();
    if (entries !== undefined || favourites !== undefined) {
      this.kept = { ...this.kept, ...entries, ...favourites };
      this.tell();
      await this.shelf.write(this.kept);
    }
    return favourites !== undefined;
  }

  /** Make an entry the agent's favourite, or no more; shown at once, taken back when the core does not take it. */
  async setFavourite(id: string, on: boolean): Promise<boolean> {
    const before = this.kept.favourites;
    this.keepFavourites(
      on ? [...before.filter((each) => each !== id), id] : before.filter((each) => each !== id),
    );
    const path = `/api/directory/favourites/${encodeURIComponent(id)}`;
    const answer = await this.get(path, { method: on ? "PUT" : "DELETE" });
    if (answer?.ok) {
      await this.shelf.write(this.kept);
      return true;
    }
    this.keepFavourites(before);
    return false;
  }

  private keepFavourites(favourites: string[]): void {
    this.kept = { ...this.kept, favourites };
    this.tell();
  }

  private async entries(): Promise<Pick<Kept, "etag" | "entries"> | undefined> {
    const answer = await this.get("/api/directory", { headers: { "If-None-Match": this.kept.etag } });
    if (!answer?.ok) return undefined;
    const { entries } = (await answer.json()) as { entries: DirectoryEntry[] };
    return { etag: answer.headers.get("ETag") ?? "", entries };
  }

  private async favourites(): Promise<Pick<Kept, "favourites"> | undefined> {
    const answer = await this.get("/api/directory/favourites");
    return answer?.ok ? ((await answer.json()) as Pick<Kept, "favourites">) : undefined;
  }

  /** Undefined: no answer. */
  private get(path: string, init: RequestInit = {}): Promise<Response | undefined> {
    return this.ask(path, { credentials: "same-origin", cache: "no-store", ...init }).catch(() => undefined);
  }

  private tell(): void {
    this.changed({ entries: this.kept.entries, favourites: new Set(this.kept.favourites) });
  }
}
