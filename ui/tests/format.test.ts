import { describe, expect, it } from "vitest";
import {
  clock,
  countdown,
  day,
  duration,
  integer,
  isoDay,
  phoneNumber,
  spokenDuration,
  spokenNumber,
} from "../format";

const plain = (text: string) => text.replaceAll("\u00a0", " ").replaceAll("\u202f", " ");

describe("phoneNumber", () => {
  it.each([
    ["+33612345678", "06 12 34 56 78"],
    ["0033612345678", "06 12 34 56 78"],
    ["0612345678", "06 12 34 56 78"],
    ["+33140506070", "01 40 50 60 70"],
    ["+590690123456", "06 90 12 34 56"],
    ["+687123456", "+687 12 34 56"],
    ["+442079460958", "+44 20 79 46 09 58"],
    ["+32471234567", "+32 471 23 45 67"],
    ["+12025550123", "+1 20 25 55 01 23"],
    ["+352621123456", "+352 621 12 34 56"],
    ["15", "15"],
    ["112", "112"],
    ["anonymous", "anonymous"],
  ])("%s is written %s", (number, written) => {
    expect(plain(phoneNumber(number))).toBe(written);
  });
  it("is read in pairs", () => {
    expect(spokenNumber("+33612345678")).toBe("06, 12, 34, 56, 78");
  });
});

describe("durations", () => {
  it.each([
    [-5, "0:00"],
    [999, "0:00"],
    [7_000, "0:07"],
    [754_000, "12:34"],
    [3_723_000, "1:02:03"],
  ])("%i ms counts as %s", (ms, written) => {
    expect(duration(ms)).toBe(written);
  });
  it.each([
    [0, "0:00"],
    [1, "0:01"],
    [1000, "0:01"],
    [14_200, "0:15"],
  ])("%i ms to come is %s", (ms, written) => {
    expect(countdown(ms)).toBe(written);
  });
  it.each([
    [0, "0 seconde"],
    [65_000, "1 minute 5 secondes"],
    [7_200_000, "2 heures"],
  ])("%i ms is said %s", (ms, said) => {
    expect(spokenDuration(ms)).toBe(said);
  });
});

describe("instants are shown in Paris", () => {
  it.each([
    ["2026-11-22T10:00:05Z", "11:00:05", "2026-11-22"],
    ["2026-07-01T22:30:00Z", "00:30:00", "2026-07-02"],
  ])("%s", (instant, time, date) => {
    expect(clock(Date.parse(instant))).toBe(time);
    expect(isoDay(Date.parse(instant))).toBe(date);
  });
  it("in French", () => {
    expect(day(Date.parse("2026-11-22T10:00:00Z"))).toBe("dimanche 22 novembre");
  });
});

describe("integer", () => {
  it("groups thousands", () => {
    expect(plain(integer(12345))).toBe("12 345");
  });
});
