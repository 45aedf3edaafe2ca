import { describe, expect, it } from "vitest";
import type { DirectoryEntry } from "$ui/views";
import { type Copy, DirectoryCopy } from "../copy";
import type { Kept, Shelf } from "../shelf";

const SMUR: DirectoryEntry = {
  id: "smur",
  name: "SMUR",
  kind: "smur",
  numbers: [{ number: "15", label: "" }],
  priority: 0,
  favourite: false,
  tags: [],
  notes: "",
};
const CODIS = { ...SMUR, id: "codis", name: "CODIS" };

/** A core with a directory; away, it does not answer. */
class Core {
  away = false;
  refuses = false;
  etag = '"1"';
  entries = [SMUR];
  favourites: string[] = [];
  readonly asked: string[] = [];

  ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const method = init.method ?? "GET";
    this.asked.push(`${method} ${path}`);
    if (this.away) throw new TypeError("away");
    if (this.refuses) return new Response(null, { status: 503 });
    if (path === "/api/directory") {
      const known = new Headers(init.headers).get("If-None-Match") === this.etag;
      if (known) return new Response(null, { status: 304 });
      return Response.json({ entries: this.entries }, { headers: { ETag: this.etag } });
    }
    if (path === "/api/directory/favourites") return Response.json({ favourites: this.favourites });
    return new Response(null, { status: 204 });
  };
}

class MemoryShelf implements Shelf {
  kept: Kept | undefined;
  read = async () => this.kept;
  write = async (kept: Kept) => {
    this.kept = structuredClone(kept);
  };
}

function copyOf(core: Core, shelf = new MemoryShelf()) {
  const told: Copy[] = [];
  const copy = new DirectoryCopy(shelf, core.ask, (next) => told.push(next));
  const shown = () => told.at(-1)?.entries.map(({ id }) => id) ?? [];
  const favourites = () => [...(told.at(-1)?.favourites ?? [])];
  return { copy, shelf, told, shown, favourites };
}

describe("the page's copy", () => {
  it("comes from the core the first time and is kept", async () => {
    const { copy, shelf, shown } = copyOf(new Core());
    expect(await copy.open()).toBe(true);
    expect(shown()).toEqual(["smur"]);
    expect(shelf.kept).toEqual({ etag: '"1"', entries: [SMUR], favourites: [] });
  });
  it("comes from the shelf while the core is away", async () => {
    const core = new Core();
    const first = copyOf(core);
    await first.copy.open();
    core.away = true;
    const second = copyOf(core, first.shelf);
    expect(await second.copy.open()).toBe(false);
    expect(second.shown()).toEqual(["smur"]);
    expect(first.shelf.kept?.entries).toEqual([SMUR]);
  });
  it("is given again only when it has changed", async () => {
    const core = new Core();
    const { copy, shown, told } = copyOf(core);
    await copy.open();
    const before = told.at(-1)?.entries;
    await copy.refresh();
    expect(told.at(-1)?.entries).toBe(before);
    core.etag = '"2"';
    core.entries = [SMUR, CODIS];
    await copy.refresh();
    expect(shown()).toEqual(["smur", "codis"]);
  });
  it("stays when the core cannot read its own", async () => {
    const core = new Core();
    const { copy, shown } = copyOf(core);
    await copy.open();
    core.refuses = true;
    expect(await copy.refresh()).toBe(false);
    expect(shown()).toEqual(["smur"]);
  });
  it("shows a favourite at once, and takes it back when the core does not take it", async () => {
    const core = new Core();
    const { copy, shelf, favourites } = copyOf(core);
    await copy.open();
    const asked = copy.setFavourite("smur", true);
    expect(favourites()).toEqual(["smur"]);
    expect(await asked).toBe(true);
    expect(core.asked.at(-1)).toBe("PUT /api/directory/favourites/smur");
    expect(shelf.kept?.favourites).toEqual(["smur"]);
    core.away = true;
    expect(await copy.setFavourite("smur", false)).toBe(false);
    expect(favourites()).toEqual(["smur"]);
  });
});
