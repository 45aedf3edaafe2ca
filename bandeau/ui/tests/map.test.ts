import { describe, expect, it } from "vitest";
import {
  type Commune,
  firstSpan,
  named,
  nextSpan,
  readCommunes,
  roundLength,
  SPANS,
  spot,
} from "../map/geometry";

const rouen = { latitude: 49.4431, longitude: 1.0993 };

describe("the map", () => {
  it("puts north up and east to the right, in metres", () => {
    const north = spot({ latitude: 49.4431 + 1 / 111.195, longitude: 1.0993 }, rouen, 10);
    expect(north.x).toBeCloseTo(0);
    expect(north.y).toBeCloseTo(-100, 1);
    const east = spot({ latitude: 49.4431, longitude: 1.1993 }, rouen, 10);
    expect(east.x).toBeCloseTo(723, 0);
    expect(east.y).toBeCloseTo(0);
  });

  it.each([
    [undefined, 8000],
    [25, 8000],
    [3000, 16_000],
    [14_000, 64_000],
    [900_000, 128_000],
  ])("begins so that a radius of %s is seen whole: %d m", (radius, span) =>
    expect(firstSpan(radius)).toBe(span),
  );

  it("comes closer and goes farther, within its ends", () => {
    expect(nextSpan(4000, -1)).toBe(2000);
    expect(nextSpan(4000, 1)).toBe(8000);
    expect(nextSpan(SPANS[0], -1)).toBe(SPANS[0]);
    expect(nextSpan(128_000, 1)).toBe(128_000);
  });

  it.each([
    [7, 5],
    [99, 50],
    [100, 100],
    [2400, 2000],
  ])("has a scale of a round length: %d holds %d", (metres, length) =>
    expect(roundLength(metres)).toBe(length),
  );

  it("reads the file of communes", () => {
    expect(readCommunes("Rouen\t76\t49.4431\t1.0993\t116331\n\nrubbish\n")).toEqual([
      { name: "Rouen", latitude: 49.4431, longitude: 1.0993, people: 116_331 },
    ]);
  });
});

describe("names on the map", () => {
  const commune = (name: string, x: number, y: number, people = 1000): Commune => ({
    name,
    latitude: rouen.latitude - y / 111_195,
    longitude: rouen.longitude + x / (111_195 * Math.cos((rouen.latitude * Math.PI) / 180)),
    people,
  });

  it("leave each other room: the most peopled first, to the left where the right is taken", () => {
    const found = named(
      [commune("Grande", 50, 50, 60_000), commune("Petite", 70, 52), commune("Ailleurs", -120, -60, 8000)],
      rouen,
      1,
      400,
      300,
    );
    expect(found.map(({ name, side, size }) => [name, side, size])).toEqual([
      ["Grande", "right", "large"],
      ["Petite", "none", "small"],
      ["Ailleurs", "right", "middle"],
    ]);
  });

  it("stay in the picture and off the caller's mark", () => {
    const found = named(
      [commune("Au-bord-à-droite", 150, 0), commune("Sous-la-marque", 0, 0), commune("Dehors", 900, 0)],
      rouen,
      1,
      400,
      300,
    );
    expect(found.map(({ name, side }) => [name, side])).toEqual([
      ["Au-bord-à-droite", "left"],
      ["Sous-la-marque", "none"],
    ]);
  });

  it("keep off what else is in the picture", () => {
    const mark = { left: 60, right: 80, top: -10, bottom: 10 };
    const [found] = named([commune("Ici", 60, 0)], rouen, 1, 400, 300, [mark]);
    expect(found?.side).toBe("left");
  });

  it("are as many as can be read", () => {
    const many = Array.from({ length: 500 }, (_, n) =>
      commune(`C${n}`, (n % 25) * 15 - 180, Math.floor(n / 25) * 12 - 120),
    );
    expect(named(many, rouen, 1, 400, 300, [], 60)).toHaveLength(60);
  });
});
