/** The small map's geometry: metres around a point, scale, and which names have room. Pure. */

const METRES_PER_DEGREE = 111_195;
/** Spans of the map's shorter side, in metres. */
export const SPANS = [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000] as const;
const STEPS = [1, 2, 5];

export interface Point {
  latitude: number;
  longitude: number;
}

export interface Commune extends Point {
  name: string;
  people: number;
}

/** A place in the picture, in pixels from its middle: right and down. */
export interface Spot {
  x: number;
  y: number;
}

export interface Named extends Spot {
  name: string;
  size: "small" | "middle" | "large";
  /** Whether its name has room, and on which side of its dot. */
  side: "right" | "left" | "none";
}

/** Where a point is, seen from the middle. Flat: right to a thousandth within 100 km. */
export function spot(point: Point, middle: Point, metresPerPixel: number): Spot {
  const east = (point.longitude - middle.longitude) * Math.cos((middle.latitude * Math.PI) / 180);
  const north = point.latitude - middle.latitude;
  return {
    x: (east * METRES_PER_DEGREE) / metresPerPixel,
    y: (-north * METRES_PER_DEGREE) / metresPerPixel,
  };
}

/** The span at which a circle is well seen with a few communes around it: at least 8 km. */
export function firstSpan(radius: number | undefined): number {
  const wanted = Math.max(8000, (radius ?? 0) * 3);
  return SPANS.find((span) => span >= wanted) ?? SPANS[SPANS.length - 1] ?? wanted;
}

/** The next span, closer (-1) or farther (1); the same at the ends. */
export function nextSpan(span: number, by: -1 | 1): number {
  const here = SPANS.findIndex((each) => each >= span);
  return SPANS[Math.min(SPANS.length - 1, Math.max(0, here + by))] ?? span;
}

/** The longest round length (1, 2 or 5 and zeros) that fits into so many metres. */
export function roundLength(metres: number): number {
  const power = 10 ** Math.floor(Math.log10(metres));
  return Math.max(...STEPS.map((step) => step * power).filter((length) => length <= metres));
}

/** A part of the picture, in pixels from its middle. */
export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const LETTER = 7.2;
const LINE = 16;
const CLEAR = 9;

function overlaps(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

/**
 * The communes in a picture of that size, the most peopled first, with the names that have room: none over another,
 * over the caller's own mark, over what is `reserved`, or out of the picture. `most`: how many dots at most.
 */
export function named(
  communes: readonly Commune[],
  middle: Point,
  metresPerPixel: number,
  width: number,
  height: number,
  reserved: readonly Box[] = [],
  most = 60,
): Named[] {
  const taken: Box[] = [{ left: -14, right: 14, top: -14, bottom: 14 }, ...reserved];
  const found: Named[] = [];
  for (const commune of communes) {
    const { x, y } = spot(commune, middle, metresPerPixel);
    if (Math.abs(x) > width / 2 || Math.abs(y) > height / 2) continue;
    const long = commune.name.length * LETTER;
    const boxes = { right: x + CLEAR, left: x - CLEAR - long };
    const side = (["right", "left"] as const).find((each) => {
      const box = { left: boxes[each], right: boxes[each] + long, top: y - LINE / 2, bottom: y + LINE / 2 };
      const inside = Math.max(-box.left, box.right) < width / 2 && Math.abs(y) + LINE / 2 < height / 2;
      if (!inside || taken.some((other) => overlaps(box, other))) return false;
      taken.push(box);
      return true;
    });
    const size = commune.people >= 50_000 ? "large" : commune.people >= 5000 ? "middle" : "small";
    found.push({ name: commune.name, x, y, size, side: side ?? "none" });
    if (found.length === most) break;
  }
  return found;
}

/** Read the file of communes: a line each, the most peopled first. */
export function readCommunes(text: string): Commune[] {
  return text
    .split("\n")
    .map((line) => line.split("\t"))
    .filter((fields) => fields.length === 5)
    .map(([name = "", , latitude, longitude, people]) => ({
      name,
      latitude: Number(latitude),
      longitude: Number(longitude),
      people: Number(people),
    }));
}
