import { describe, expect, it } from "vitest";
import type { Call, Offer, SeenPlace } from "$ui/views";
import { accuracy, age, brief, coordinates, isAsked, isPlaced, lrmPage, metres, placed } from "../place";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const rouen: SeenPlace = {
  source: "aml_https",
  at: "2026-11-22T11:59:48Z",
  latitude: 49.4431,
  longitude: 1.0993,
  radius: 25,
  commune: "Rouen (76)",
};
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

describe("what is written of a place", () => {
  it.each([
    [0, "0 m"],
    [25.4, "25 m"],
    [999, "999 m"],
    [1000, "1 km"],
    [1240, "1,2 km"],
    [14_400, "14 km"],
  ])("%d metres are %s", (value, written) => expect(plain(metres(value))).toBe(written));

  it.each([
    [-5, "il y a 0 s"],
    [0, "il y a 0 s"],
    [59, "il y a 59 s"],
    [60, "il y a 1 min"],
    [3599, "il y a 59 min"],
    [3900, "il y a 1 h 05"],
  ])("after %d s: %s", (seconds, written) => {
    expect(plain(age(rouen, Date.parse(rouen.at) + seconds * 1000))).toBe(written);
  });

  it("is the essential in one line", () => {
    expect(plain(brief(rouen, NOW))).toBe("≈ 25 m · il y a 12 s · Rouen (76)");
    expect(plain(accuracy({}))).toBe("précision inconnue");
    const street: SeenPlace = { source: "pidf_lo", at: rouen.at, civic: "12 rue Verte, Rouen" };
    expect(plain(brief(street, NOW))).toBe("il y a 12 s · 12 rue Verte, Rouen");
  });

  it("gives coordinates as every map takes them", () => {
    expect(coordinates({ latitude: -20.9, longitude: 55.4500049 })).toBe("-20.90000, 55.45000");
  });

  it("opens the page of the LRM, where there is one", () => {
    const page = "https://lrm.example/carte?lat={latitude}&lon={longitude}&r={radius}";
    expect(lrmPage(page, rouen)).toBe("https://lrm.example/carte?lat=49.44310&lon=1.09930&r=25");
    expect(lrmPage("", rouen)).toBeUndefined();
    expect(lrmPage(page, { source: "pidf_lo", at: rouen.at, civic: "Rouen" })).toBeUndefined();
  });
});

describe("the place that is looked at", () => {
  const call = (id: string, location?: SeenPlace) => ({ id, ...(location && { location }) }) as Call;
  const offer = { callId: "o", location: rouen } as Offer;

  it.each([
    [call("c", rouen), offer, call("l"), "c"],
    [undefined, offer, call("l"), "o"],
    [undefined, undefined, call("l", rouen), "l"],
    [undefined, undefined, undefined, undefined],
  ])("is that of the call that goes on, of the one that rings, of the last one", (now, rings, last, id) => {
    expect(placed(now, rings, last)?.id).toBe(id);
  });

  it("may be only asked for", () => {
    const asked = { askedUntil: "2026-11-22T12:00:05Z" };
    expect(isPlaced(asked)).toBe(false);
    expect(isAsked(asked, NOW)).toBe(true);
    expect(isAsked(asked, NOW + 5000)).toBe(false);
    expect(isPlaced(rouen)).toBe(true);
  });
});
