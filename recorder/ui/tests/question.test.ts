import { describe, expect, it } from "vitest";
import {
  filtersSet,
  lastDays,
  meaning,
  midnight,
  NO_QUESTION,
  otherMeanings,
  parameters,
  value,
} from "../question";

describe("what was typed", () => {
  it.each([
    ["", "nothing"],
    ["   ", "nothing"],
    ["06 12 34 56 78", "number"],
    ["+33 6 12 34 56 78", "number"],
    ["06.12.34.56.78", "number"],
    ["5678", "number"],
    ["56", "words"],
    ["DR 2026-18", "dossier"],
    ["n° 18", "dossier"],
    ["dossier : AB/12", "dossier"],
    ["DRFR0901234", "dossier"],
    ["douleur thoracique", "words"],
    ["enfant 3 ans", "words"],
    ["dr", "words"],
  ])("%s is %s", (typed, as) => {
    expect(meaning(typed)).toBe(as);
  });

  it("may be taken otherwise", () => {
    expect(otherMeanings({ ...NO_QUESTION, typed: "123456" })).toEqual(["dossier", "words"]);
    expect(otherMeanings({ ...NO_QUESTION, typed: "123456", as: "dossier" })).toEqual(["number", "words"]);
    expect(otherMeanings({ ...NO_QUESTION, typed: "malaise" })).toEqual(["dossier"]);
    expect(otherMeanings(NO_QUESTION)).toEqual([]);
  });

  it("has a value in each meaning", () => {
    expect(value(" 06 12-34 ", "number")).toBe("061234");
    expect(value("dossier : AB/12", "dossier")).toBe("AB/12");
    expect(value("1234 ", "dossier")).toBe("1234");
  });
});

describe("days in Paris", () => {
  it.each([
    ["2026-11-22", 0, "2026-11-21T23:00:00.000Z"],
    ["2026-07-14", 0, "2026-07-13T22:00:00.000Z"],
    ["2026-03-29", 1, "2026-03-29T22:00:00.000Z"],
    ["2026-10-25", 0, "2026-10-24T22:00:00.000Z"],
    ["2026-10-25", 1, "2026-10-25T23:00:00.000Z"],
    ["2026-12-31", 1, "2026-12-31T23:00:00.000Z"],
  ])("%s + %i begins at %s", (day, later, at) => {
    expect(midnight(day, later)).toBe(at);
  });

  it("is nothing where it is no day", () => {
    expect(midnight("hier")).toBeUndefined();
    expect(midnight("2026-11")).toBeUndefined();
  });

  it("counts back with today", () => {
    const now = Date.parse("2026-11-22T22:30:00Z");
    expect(lastDays(1, now)).toEqual({ from: "2026-11-22", to: "2026-11-22" });
    expect(lastDays(7, now)).toEqual({ from: "2026-11-16", to: "2026-11-22" });
  });
});

describe("the question as an address asks it", () => {
  it("holds what was set, and nothing else", () => {
    expect(parameters(NO_QUESTION).toString()).toBe("");
    const asked = parameters({
      ...NO_QUESTION,
      typed: "06 12 34",
      from: "2026-11-22",
      to: "2026-11-22",
      line: "15",
      least: "1,5",
      most: "abc",
    });
    expect(Object.fromEntries(asked)).toEqual({
      number: "061234",
      from: "2026-11-21T23:00:00.000Z",
      to: "2026-11-22T23:00:00.000Z",
      line: "15",
      least: "90",
    });
  });

  it("takes what was typed as one says", () => {
    expect(Object.fromEntries(parameters({ ...NO_QUESTION, typed: "123456", as: "dossier" }))).toEqual({
      dossier: "123456",
    });
    expect(Object.fromEntries(parameters({ ...NO_QUESTION, typed: "malaise" }, "c7"))).toEqual({
      text: "malaise",
      cursor: "c7",
    });
  });

  it("tells how many filters are set", () => {
    expect(filtersSet(NO_QUESTION)).toBe(0);
    expect(filtersSet({ ...NO_QUESTION, from: "2026-11-22", to: "2026-11-22", agent: "8", most: "2" })).toBe(3);
  });
});
