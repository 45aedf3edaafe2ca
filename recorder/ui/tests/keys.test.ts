import { describe, expect, it } from "vitest";
import { recordings as texts } from "$ui/texts";
import { deedOf, KEYMAP, keyName, speedAfter } from "../keys";

const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
  deedOf(
    { key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...more } as KeyboardEvent,
    false,
  );

describe("keys", () => {
  it.each([
    [" ", false, "play"],
    ["k", false, "play"],
    ["K", false, "play"],
    ["ArrowLeft", false, "back"],
    ["ArrowLeft", true, "backShort"],
    ["j", false, "backLong"],
    ["l", false, "onLong"],
    ["m", false, "mark"],
    ["Z", true, "farther"],
    ["z", false, "nearer"],
    ["?", true, "help"],
    ["/", true, "search"],
    ["+", true, "faster"],
    ["=", false, "faster"],
  ])("%s (maj %s) is %s", (key, shiftKey, deed) => {
    expect(press(key, { shiftKey })).toBe(deed);
  });

  it("leave those of the browser and of fields alone", () => {
    expect(press("l", { ctrlKey: true })).toBeUndefined();
    expect(deedOf({ key: "m", shiftKey: false } as KeyboardEvent, true)).toBeUndefined();
    expect(press("F5")).toBeUndefined();
  });

  it("are each of one deed, which has its words", () => {
    const keys = KEYMAP.flatMap((row) => row.keys);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { deed } of KEYMAP) expect(texts.deeds[deed]).toBeTruthy();
  });

  it("name letters by what is on them", () => {
    expect(keyName({ key: "A", shiftKey: false })).toBe("a");
  });
});

it("goes through the speeds, and no further", () => {
  expect(speedAfter(1, 1)).toBe(1.25);
  expect(speedAfter(1, -1)).toBe(0.75);
  expect(speedAfter(2, 1)).toBe(2);
  expect(speedAfter(0.5, -1)).toBe(0.5);
});
