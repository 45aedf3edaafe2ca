import { describe, expect, it } from "vitest";
import type { Reachable } from "$ui/api";
import type { RecentCall, StripView } from "$ui/views";
import {
  colleagueEntries,
  deedOf,
  deeds,
  digits,
  type Entry,
  type Hand,
  plain,
  recentEntries,
  roomEntries,
  search,
  typedNumber,
} from "../find";

const COLLEAGUES: Reachable[] = [
  { position: "arm2", name: "Aïssatou Diallo", role: "arm", state: "on_call", callId: "c9" },
  { position: "mu1", name: "Dr Hélène Fabre", role: "physician_mu", state: "ready" },
  { position: "ml1", name: "Dr Hélias Haddad", role: "physician_ml", state: "paused" },
  { position: "arm1", name: "Moi", role: "arm", state: "ready" },
];
const ROOMS = {
  rooms: {
    MU: { name: "MU", frontOffice: "F02", mode: "manual", closed: false, waiting: 2 },
    T2: { name: "T2", frontOffice: "F02", mode: "manual", closed: true, waiting: 0 },
  },
} as unknown as StripView;
const RECENT = [
  { id: "1", way: "in", number: "+33612345678" },
  { id: "2", way: "out", position: "mu1" },
  { id: "3", way: "missed" },
] as unknown as RecentCall[];
const ENTRIES: Entry[] = [
  ...colleagueEntries(COLLEAGUES, "arm1"),
  ...roomEntries(ROOMS),
  ...recentEntries(RECENT, COLLEAGUES),
];
const labels = (text: string) => search(ENTRIES, text).map(({ label }) => label);

describe("the command field", () => {
  it.each([
    ["Aïssatou  DIALLO", "aissatou diallo"],
    ["  Cœur-Œuvre ", "coeur oeuvre"],
  ])("compares %s as %s", (text, wanted) => expect(plain(text)).toBe(wanted));

  it.each([
    ["+33612345678", "0612345678"],
    ["0033 6 12 34 56 78", "0612345678"],
    ["+41 22 730", "004122730"],
    ["18", "18"],
  ])("dials %s as %s", (text, wanted) => expect(digits(text)).toBe(wanted));

  it.each([
    ["06 12-34.56 78", "0612345678"],
    ["18", "18"],
    ["1", undefined],
    ["fabre 2", undefined],
  ])("takes %s for the number %s", (text, wanted) => expect(typedNumber(text)).toBe(wanted));

  it.each([
    ["aissa", ["Aïssatou Diallo"]],
    ["FAB", ["Dr Hélène Fabre"]],
    ["dr fab", ["Dr Hélène Fabre"]],
    ["mu", ["Dr Hélène Fabre", "Salle MU"]],
    ["salle", ["Salle MU"]],
    ["nobody", []],
  ])("finds by %s", (text, wanted) => expect(labels(text)).toEqual(wanted));

  it("puts who can answer first", () => {
    expect(labels("hel")).toEqual(["Dr Hélène Fabre", "Dr Hélias Haddad"]);
  });

  it("offers what was typed first, unless it is known", () => {
    const unknown = search(ENTRIES, "0140");
    expect(unknown.map(({ source }) => source)).toEqual(["typed"]);
    expect(search(ENTRIES, "06 12 34 56 78").map(({ source }) => source)).toEqual(["recent"]);
  });

  it("shows the last calls while nothing is typed, each target once", () => {
    const shown = search(ENTRIES, "");
    expect(shown[0]).toMatchObject({ source: "recent", value: "+33612345678" });
    expect(new Set(shown.map(({ kind, value }) => `${kind} ${value}`)).size).toBe(shown.length);
  });

  it("puts what the directory found after what fits closely", () => {
    const more: Entry[] = [
      { kind: "number", value: "+33140000018", label: "Fabrègues", detail: "", source: "directory" },
    ];
    expect(search(ENTRIES, "fab", more).map(({ label }) => label)).toEqual(["Dr Hélène Fabre", "Fabrègues"]);
  });
});

describe("what may be done", () => {
  const idle: Hand = { talking: false, calls: 0, conference: false };
  const talking: Hand = { talking: true, calls: 1, conference: false };
  const number: Entry = { kind: "number", value: "18", label: "18", detail: "", source: "typed" };
  const room = ENTRIES.find(({ kind }) => kind === "room") as Entry;
  const colleague = ENTRIES[0] as Entry;

  it.each([
    ["a number, free", number, idle, ["call"]],
    ["a number, on a call", number, talking, ["call", "transfer", "invite"]],
    ["a number, on two", number, { ...talking, calls: 2 }, ["transfer", "invite"]],
    ["a number, in a conference", number, { ...talking, conference: true }, ["call", "invite"]],
    ["a room, free", room, idle, []],
    ["a room, on a call", room, talking, ["transfer"]],
    ["a colleague on a call", colleague, idle, ["call", "seize"]],
  ] as [string, Entry, Hand, string[]][])("%s", (_, entry, hand, wanted) => {
    expect(deeds(entry, hand)).toEqual(wanted);
  });

  it.each([
    [{}, "call"],
    [{ shift: true }, "transfer"],
    [{ ctrl: true }, "invite"],
    [{ alt: true }, "seize"],
  ])("Entrée with %j: %s", (key, wanted) => {
    expect(deedOf(colleague, talking, { ctrl: false, shift: false, alt: false, ...key })).toBe(wanted);
  });

  it("does nothing rather than something else", () => {
    expect(deedOf(number, idle, { ctrl: false, shift: true, alt: false })).toBeUndefined();
  });
});
