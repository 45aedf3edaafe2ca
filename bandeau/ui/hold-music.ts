/** What a caller on hold hears while no core and no telephone server can play it: a soft, slow chime, made here. */

const NOTES_HZ = [523.25, 659.25, 783.99, 659.25];
const NOTE_SECONDS = 1;
const LEVEL = 0.12;
/** Rise and fall of each note, seconds: no clicks. */
const EDGE = 0.08;

/** The chime as samples, to be repeated. Pure. */
export function chime(rate: number): Float32Array<ArrayBuffer> {
  const length = Math.round(NOTE_SECONDS * rate);
  const samples = new Float32Array(length * NOTES_HZ.length);
  NOTES_HZ.forEach((hz, note) => {
    for (let i = 0; i < length; i++) {
      const at = i / rate;
      const loud = LEVEL * Math.min(1, at / EDGE, (NOTE_SECONDS - at) / EDGE);
      samples[note * length + i] = loud * Math.sin(2 * Math.PI * hz * at);
    }
  });
  return samples;
}

export class HoldMusic {
  private context: AudioContext | undefined;

  /** A track that plays it, until {@link stop}. */
  start(): MediaStreamTrack | undefined {
    this.stop();
    const context = new AudioContext();
    this.context = context;
    const samples = chime(context.sampleRate);
    const buffer = context.createBuffer(1, samples.length, context.sampleRate);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    const out = context.createMediaStreamDestination();
    source.buffer = buffer;
    source.loop = true;
    source.connect(out);
    source.start();
    return out.stream.getAudioTracks()[0];
  }

  stop(): void {
    void this.context?.close();
    this.context = undefined;
  }
}
