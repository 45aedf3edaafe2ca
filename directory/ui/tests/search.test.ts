import { describe, expect, it } from "vitest";
import type { DirectoryEntry } from "$ui/views";
import { FOUND_AT_MOST, folded, indexed, ranking, search } from "../search";

const KINDS = { hospital: "Hôpital", smur: "SMUR", doctor: "Médecin", fire: "Pompiers" };

function entry(name: string, change: Partial<DirectoryEntry> = {}): DirectoryEntry {
  return {
    id: name,
    name,
    kind: "hospital",
    numbers: [{ number: "+33199000001", label: "" }],
    priority: 0,
    favourite: false,
    tags: [],
    notes: "",
    ...change,
  };
}

const ENTRIES = [
  entry("Hôpital Sainte-Anne – Urgences", { tags: ["déchocage"], priority: 2 }),
  entry("Hôpital des Cèdres"),
  entry("Anne-Marie Lefèvre", { kind: "doctor" }),
  entry("SMUR Nord", { kind: "smur", favourite: true, numbers: [{ number: "+33639980010", label: "garde" }] }),
  entry("Ambulances du Cœur", { notes: "près de l’hôpital" }),
  entry("CODIS", { kind: "fire", numbers: [{ number: "18", label: "" }] }),
  entry("Urgences", { numbers: [{ number: "+442079460000", label: "" }] }),
];
const INDEX = indexed(ENTRIES, KINDS);

const found = (query: string, own: string[] = []) =>
  search(INDEX, query, ranking(new Set(own))).map(({ name }) => name);

describe("folded", () => {
  it.each([
    ["Hôpital Sainte-Anne", "hopital sainte anne"],
    ["L’ÉTOILE", "l etoile"],
    ["Cœur  &  Ægir", "coeur aegir"],
    ["  ", ""],
  ])("%s: %s", (text, wanted) => {
    expect(folded(text)).toBe(wanted);
  });
});

describe("search", () => {
  it.each([
    ["hopital", ["Hôpital Sainte-Anne – Urgences", "Hôpital des Cèdres", "Ambulances du Cœur", "Urgences"]],
    ["HÔPITAL cèd", ["Hôpital des Cèdres"]],
    ["anne", ["Anne-Marie Lefèvre", "Hôpital Sainte-Anne – Urgences"]],
    ["anne hop", ["Hôpital Sainte-Anne – Urgences"]],
    ["urgences", ["Urgences", "Hôpital Sainte-Anne – Urgences"]],
    ["coeur", ["Ambulances du Cœur"]],
    ["cœur", ["Ambulances du Cœur"]],
    ["dechoc", ["Hôpital Sainte-Anne – Urgences"]],
    ["garde", ["SMUR Nord"]],
    ["pompiers", ["CODIS"]],
    ["18", ["CODIS"]],
    ["06 39 98", ["SMUR Nord"]],
    ["+33 6 39", ["SMUR Nord"]],
    ["0033639", []],
    ["+44", ["Urgences"]],
    ["efèv", ["Anne-Marie Lefèvre"]],
    ["ef", []],
    ["zzz", []],
    ["hopital zzz", []],
    ["(", ["SMUR Nord"]],
  ])("%s", (query, wanted) => {
    expect(found(query)).toEqual(wanted);
  });
  it("puts the agent's favourites, then the centre's, before others that fit as well", () => {
    expect(found("hopital", ["Hôpital des Cèdres"])[0]).toBe("Hôpital des Cèdres");
    expect(found("")).toEqual(["SMUR Nord"]);
    expect(found("  ", ["CODIS"])).toEqual(["CODIS", "SMUR Nord"]);
  });
  it("gives no more than can be looked through", () => {
    const many = indexed(
      Array.from({ length: 500 }, (_, i) => entry(`Poste ${i}`)),
      KINDS,
    );
    const names = search(many, "poste", ranking(new Set())).map(({ name }) => name);
    expect(names).toHaveLength(FOUND_AT_MOST);
    expect(names.slice(0, 3)).toEqual(["Poste 0", "Poste 1", "Poste 2"]);
  });
});
