import { describe, expect, it } from "vitest";
import type { Script, Trial } from "../api";
import { BOX, layOut, lines } from "../layout";
import { reasonText, walked } from "../model";

const trial: Trial = {
  script: "s",
  step: "c",
  acts: [],
  seen: [
    { act: "appel", route: ["a:else", "b"], heard: ["Bonjour."], result: "" },
    { act: "1", route: ["b:key 1", "c"], heard: [], result: "salle" },
  ],
};

describe("a call being tried", () => {
  it("has gone through steps, by ways", () => {
    expect(walked(trial)).toEqual({
      steps: ["a", "b", "b", "c"],
      ways: [
        ["a", "b"],
        ["b", "c"],
      ],
    });
  });

  it.each([
    ["b", "b"],
    ["b:key 1", "b (touche 1)"],
    ["b:timeout", "b (délai passé)"],
    ["b:list pro", "b (liste pro)"],
    ["b:strange", "b (strange)"],
  ])("says why a step was left: %s", (item, text) => expect(reasonText(item)).toBe(text));
});

describe("a drawing", () => {
  const script: Script = {
    name: "s",
    boxes: [
      { name: "a", kind: "ask", what: "menu", start: true },
      { name: "b", kind: "room", what: "salle", start: false },
      { name: "c", kind: "room", what: "salle", start: false },
    ],
    arrows: [
      { source: "a", target: "b", when: "touche 1" },
      { source: "a", target: "c", when: "sinon" },
      { source: "a", target: "a", when: "encore" },
    ],
  };

  it("goes from top to bottom, no box over another, all arrows drawn", () => {
    const { boxes, arrows, width, height } = layOut(script);
    const [a, b, c] = boxes;
    if (!a || !b || !c) throw new Error("a box is missing");
    expect(a.y + BOX.height).toBeLessThan(b.y);
    expect(Math.abs(b.x - c.x)).toBeGreaterThanOrEqual(BOX.width);
    expect(arrows.every((arrow) => arrow.d.startsWith("M"))).toBe(true);
    expect(Math.max(b.x, c.x) + BOX.width / 2).toBeLessThanOrEqual(width);
    expect(b.y + BOX.height / 2).toBeLessThanOrEqual(height);
  });

  it("cuts long texts", () => {
    expect(lines("menu welcome, urgence-vitale, beaucoup-appels, encore-une-annonce, et-encore")).toHaveLength(
      2,
    );
    expect(lines("court")).toEqual(["court"]);
  });
});
