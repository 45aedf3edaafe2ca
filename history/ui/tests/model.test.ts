import { describe, expect, it } from "vitest";
import type { RecentCall } from "$ui/views";
import { howLong, who } from "../model";

const CALL: RecentCall = {
  id: "c",
  way: "in",
  kind: "incoming",
  at: "2026-11-22T10:00:00Z",
  line: "15",
  hidden: false,
  notes: [],
};

describe("who", () => {
  it.each([
    [{ number: "+33199000001" }, "01\u00a099\u00a000\u00a000\u00a001"],
    [{ hidden: true }, "Numéro masqué"],
    [{ kind: "internal", position: "arm2" }, "Poste arm2"],
    [{ kind: "internal" }, "Tous les postes"],
  ] as [Partial<RecentCall>, string][])("%j: %s", (change, wanted) => {
    expect(who({ ...CALL, ...change })).toBe(wanted);
  });
});

describe("how long", () => {
  it.each([
    [{}, "en cours"],
    [{ answeredAt: "2026-11-22T10:00:10Z", endedAt: "2026-11-22T10:01:15Z" }, "1:05"],
    [{ way: "out", kind: "outgoing", endedAt: "2026-11-22T10:00:30Z" }, "0:30"],
    [{ endedAt: "2026-11-22T10:00:30Z" }, "sans réponse"],
    [{ way: "missed", endedAt: "2026-11-22T10:00:30Z" }, ""],
  ] as [Partial<RecentCall>, string][])("%j: %s", (change, wanted) => {
    expect(howLong({ ...CALL, ...change })).toBe(wanted);
  });
});
