/** The loudness of both tracks as a picture: two octets each 20 ms, the caller's and the centre's, 0 to 127. */

import type { Sight } from "./timeline";

export const PEAK_SECONDS = 0.02;
export const LANES = 2;

/** The loudest of each of `width` parts of what is in sight, 0 to 1; 0 beyond the end. Pure. */
export function columns(peaks: Uint8Array, lane: number, sight: Sight, width: number): Float32Array {
  const made = new Float32Array(Math.max(0, width));
  const count = Math.floor(peaks.length / LANES);
  const each = (sight.ends - sight.begins) / PEAK_SECONDS / made.length;
  const start = sight.begins / PEAK_SECONDS;
  for (let x = 0; x < made.length; x++) {
    const from = Math.max(0, Math.floor(start + x * each));
    const to = Math.min(count, Math.max(from + 1, Math.floor(start + (x + 1) * each)));
    let loudest = 0;
    for (let i = from; i < to; i++) loudest = Math.max(loudest, peaks[i * LANES + lane] ?? 0);
    made[x] = Math.min(1, loudest / 127);
  }
  return made;
}

/** How high a loudness is drawn: soft voices are seen too. Pure. */
export const height = (loudness: number): number => Math.sqrt(loudness);

/** Draw one lane in the middle of its canvas. */
export function draw(
  canvas: HTMLCanvasElement,
  peaks: Uint8Array,
  lane: number,
  sight: Sight,
  colour: string,
): void {
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const tall = Math.round(canvas.clientHeight * scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== tall) canvas.height = tall;
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  pen.clearRect(0, 0, width, tall);
  pen.fillStyle = colour;
  const middle = tall / 2;
  const thin = Math.max(1, scale);
  columns(peaks, lane, sight, width).forEach((loudness, x) => {
    const high = Math.max(thin, height(loudness) * (tall - 4 * scale));
    pen.fillRect(x, middle - high / 2, 1, high);
  });
}
