import { describe, expect, it } from "vitest";
import { alarmText } from "../alarms";

describe("alarmText", () => {
  const since = "2026-11-22T10:00:00Z";
  it("says what and where", () => {
    const alarm = { kind: "node_down", severity: "critical", since, subject: "asterisk-b" } as const;
    expect(alarmText(alarm)).toBe("Serveur de téléphonie en panne (asterisk-b)");
  });
  it("names a kind it does not know", () => {
    expect(alarmText({ kind: "moon_gone", severity: "warning", since })).toBe("moon gone");
  });
});
