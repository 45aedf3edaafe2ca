import { describe, expect, it } from "vitest";
import { heard, inOrder, instant, part, pauseReason, when, who } from "../shown";

const NOW = Date.parse("2026-11-22T12:00:00Z");

describe("instants", () => {
  it.each([
    ["2026-11-22T08:05:00Z", "aujourd’hui 09:05"],
    ["2026-11-21T08:05:00Z", "hier 09:05"],
    ["2026-11-21T23:30:00Z", "aujourd’hui 00:30"],
    ["2026-11-02T08:05:00Z", "02/11/2026 09:05"],
  ])("%s is %s", (iso, text) => {
    expect(when(iso, NOW)).toBe(text);
  });

  it("within a recording are told to the tenth", () => {
    expect(instant(0)).toBe("0:00,0");
    expect(instant(62.47)).toBe("1:02,4");
    expect(instant(3661.96)).toBe("1:01:01,9");
    expect(part({ begins: 5, ends: 12.5 })).toBe("0:05,0 – 0:12,5 (0:07)");
  });
});

it("tells who called, or that it was hidden", () => {
  expect(who({ hidden: false, number: "+33612345678" })).toBe("06\u00a012\u00a034\u00a056\u00a078");
  expect(who({ hidden: true })).toBe("Numéro masqué");
});

it("tells why a part was not recorded", () => {
  const pause = { begins: 0, ends: 1, by: "" };
  expect(pauseReason({ ...pause, reason: "privacy" })).toBe("Enregistrement suspendu (confidence)");
  expect(pauseReason({ ...pause, reason: "of later" })).toBe("Enregistrement suspendu");
});

it("tells who is heard", () => {
  const sequence = { kind: "talk" as const, begins: 0, ends: 1 };
  expect(heard({ ...sequence, heard: ["caller", "Camille Martin"] })).toBe("Appelant, Camille Martin");
  expect(heard({ ...sequence, heard: [] })).toBe("personne");
});

it("puts markers in the order in which they come", () => {
  const marker = (id: string, at: number) => ({ id, at, text: "", by: { id: "8", name: "" }, setAt: "" });
  expect(inOrder([marker("b", 4), marker("a", 2)]).map(({ id }) => id)).toEqual(["a", "b"]);
});
