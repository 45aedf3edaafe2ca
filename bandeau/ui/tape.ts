/** The last seconds of what was heard, as samples. Pure: knows nothing of the browser. */

/** Nothing older is kept. */
export const KEPT_SECONDS = 60;

export class Tape {
  private blocks: Int16Array[] = [];
  private length = 0;

  constructor(readonly rate: number) {}

  /** Seconds kept. */
  get seconds(): number {
    return this.length / this.rate;
  }

  /** Take a block of samples (−1 to 1); the oldest ones go. */
  add(samples: Float32Array): void {
    this.blocks.push(Int16Array.from(samples, (x) => Math.max(-1, Math.min(1, x)) * 0x7fff));
    this.length += samples.length;
    const most = KEPT_SECONDS * this.rate;
    while (this.length - (this.blocks[0]?.length ?? 0) >= most) {
      this.length -= this.blocks.shift()?.length ?? 0;
    }
  }

  /** The last seconds, as a WAV file; all there is, if there is less. */
  wav(seconds: number): Uint8Array<ArrayBuffer> {
    const wanted = Math.min(this.length, Math.round(seconds * this.rate));
    const file = new Uint8Array(44 + wanted * 2);
    header(file, wanted * 2, this.rate);
    const samples = new Int16Array(file.buffer, 44, wanted);
    let end = wanted;
    for (let i = this.blocks.length - 1; i >= 0 && end > 0; i--) {
      const block = this.blocks[i] as Int16Array;
      const part = block.subarray(Math.max(0, block.length - end));
      end -= part.length;
      samples.set(part, end);
    }
    return file;
  }

  /** What was said is nobody's business any more. */
  wipe(): void {
    for (const block of this.blocks) block.fill(0);
    this.blocks = [];
    this.length = 0;
  }
}

function header(file: Uint8Array, octets: number, rate: number): void {
  const view = new DataView(file.buffer);
  const text = (at: number, word: string) => {
    for (let i = 0; i < word.length; i++) view.setUint8(at + i, word.charCodeAt(i));
  };
  text(0, "RIFF");
  view.setUint32(4, 36 + octets, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, octets, true);
}
