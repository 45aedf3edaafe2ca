import { describe, expect, it } from "vitest";
import { needsConfirmation } from "../confirm";
import { type Command, commandOf, isReserved, KEYMAP, keyOf, type Moment } from "../keymap";
import { type Action, ALL_ACTIONS } from "../model";

function moment(change: Partial<Moment> = {}): Moment {
  return { allowed: [], panel: undefined, panels: [], typing: false, ...change };
}

const talking: Action[] = ["hold", "mute", "hang_up", "pause"];

describe("the keyboard", () => {
  it.each([
    ["F2", moment({ allowed: ["accept", "decline"] }), { action: "accept" }],
    ["F4", moment({ allowed: ["accept", "decline"] }), { action: "decline" }],
    ["F4", moment({ allowed: talking }), { action: "hang_up" }],
    ["F4", moment({ allowed: ["accept", "decline", ...talking] }), { action: "hang_up" }],
    ["Shift+F2", moment({ allowed: ["accept", "decline", ...talking] }), { action: "decline" }],
    ["F3", moment({ panels: ["field"] }), { panel: "field" }],
    ["F3", moment({ panels: ["field"], typing: true }), { panel: "field" }],
    ["F3", moment({ panel: "field", typing: true }), { panel: "field" }],
    ["F3", moment(), undefined],
    ["F9", moment({ allowed: ["ready"], panels: [] }), { action: "ready" }],
    ["F9", moment({ allowed: talking, panels: ["park"] }), { panel: "park" }],
    ["Shift+F3", moment({ allowed: ["complete", "merge", "swap"] }), { action: "complete" }],
    ["F4", moment({ allowed: talking, typing: true }), { action: "hang_up" }],
    ["F2", moment({ allowed: talking }), undefined],
    ["a", moment({ allowed: ["accept"] }), undefined],
    ["?", moment({ panels: ["help"] }), { panel: "help" }],
    ["?", moment({ panels: ["help"], typing: true }), undefined],
    ["Escape", moment({ panel: "help" }), { close: true }],
    ["Escape", moment({ panel: "help", typing: true }), { close: true }],
    ["Escape", moment(), undefined],
  ] as [string, Moment, Command | undefined][])("%s in %j: %j", (key, now, wanted) => {
    expect(commandOf(key, now)).toEqual(wanted);
  });

  it("has each key once, told in the help", () => {
    expect(new Set(KEYMAP.map(({ key }) => key)).size).toBe(KEYMAP.length);
    for (const { shown, does } of KEYMAP) expect(shown && does).toBeTruthy();
  });

  it("has one key for every action", () => {
    for (const action of ALL_ACTIONS) expect(keyOf(action)).not.toBe("");
  });

  it("never shares one key among actions allowed together", () => {
    const twoCalls: Action[] = ["complete", "merge", "swap", "mute", "hang_up", "pause"];
    const together: Action[][] = [
      ["accept", "decline"],
      talking,
      ["leave", ...talking],
      twoCalls,
      ["accept", ...talking],
      ["ready", "pause"],
    ];
    for (const actions of together) expect(new Set(actions.map(keyOf)).size).toBe(actions.length);
  });

  it("keeps the browser from its own use of the keys of calls only", () => {
    const others = KEYMAP.map(({ key }) => key).filter((key) => !isReserved(key));
    expect(others).toEqual(["?", "Escape"]);
  });

  it("asks for confirmation only where a call would be lost", () => {
    expect(ALL_ACTIONS.filter(needsConfirmation)).toEqual(["decline", "hang_up"]);
  });
});
