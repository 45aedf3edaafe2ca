import { describe, expect, it } from "vitest";
import { dialled } from "../numbers";

describe("dialled", () => {
  it.each([
    ["06 12 34 56 78", "+33612345678"],
    ["0033612345678", "+33612345678"],
    ["+33 (0)6 12 34 56 78", "+33612345678"],
    ["0262 12 34 56", "+262262123456"],
    ["0692-12-34-56", "+262692123456"],
    ["+32 2 123 45 67", "+3221234567"],
    ["15", "15"],
    ["116117", "116117"],
    ["bonjour", undefined],
    ["1", undefined],
    ["+33", undefined],
    ["", undefined],
    ["0612345678&18", undefined],
  ])("%s is %s", (written, number) => {
    expect(dialled(written)).toBe(number);
  });
});
