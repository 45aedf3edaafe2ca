/** The one AudioContext of the page: the ring of an offer, the test tones, the level meters. */

let context: AudioContext | undefined;
let output = "";

/** The context; made at the first call, which should come from a click or a key. */
export function audio(): AudioContext {
  if (context === undefined) {
    context = new AudioContext({ latencyHint: "interactive" });
    route();
  }
  return context;
}

/** Let sound be heard. Browsers hold it back until the page has been clicked once. Says whether it is free. */
export async function unlock(): Promise<boolean> {
  const sound = audio();
  if (sound.state === "suspended") {
    // A refusal leaves the promise pending for ever in some browsers: do not wait for it long.
    await Promise.race([sound.resume(), new Promise((resolve) => setTimeout(resolve, 300))]);
  }
  return sound.state === "running";
}

export function locked(): boolean {
  return context === undefined || context.state !== "running";
}

interface Routable {
  setSinkId?(id: string): Promise<void>;
}

function route(): void {
  const sound = context as (AudioContext & Routable) | undefined;
  // A headset that was unplugged leaves the ring on the system's output.
  sound?.setSinkId?.(output).catch(() => undefined);
}

/** Play everything of this module on an output device ("" is the system's). */
export function playOn(deviceId: string): void {
  output = deviceId;
  route();
}

/** Whether the browser can choose an output. */
export function canChooseOutput(): boolean {
  return "setSinkId" in HTMLMediaElement.prototype;
}

function note(
  samples: Float32Array,
  rate: number,
  start: number,
  seconds: number,
  hertz: number,
  gain: number,
): void {
  const first = Math.floor(start * rate);
  const length = Math.floor(seconds * rate);
  for (let i = 0; i < length; i++) {
    const t = i / rate;
    const edge = Math.min(1, t / 0.012, (seconds - t) / 0.05);
    const wave = Math.sin(2 * Math.PI * hertz * t) + 0.35 * Math.sin(4 * Math.PI * hertz * t);
    const at = first + i;
    samples[at] = (samples[at] ?? 0) + gain * edge * wave;
  }
}

const RING_RATE = 48_000;
let ringTone: AudioBuffer | undefined;

/** Two rising pairs of notes, then silence: 2 s, looped, so that no timer can delay it. */
function renderRing(): AudioBuffer {
  const buffer = new AudioBuffer({ length: RING_RATE * 2, sampleRate: RING_RATE });
  const samples = buffer.getChannelData(0);
  for (const start of [0, 0.42]) {
    note(samples, RING_RATE, start, 0.16, 784, 0.28);
    note(samples, RING_RATE, start + 0.17, 0.2, 1047, 0.28);
  }
  return buffer;
}

/** Render the ring ahead of the first offer: it takes some milliseconds. */
export function prepareRing(): void {
  ringTone ??= renderRing();
}

let ringing: AudioBufferSourceNode | undefined;

/** Ring until {@link stopRing}. */
export function startRing(): void {
  if (ringing) return;
  prepareRing();
  const sound = audio();
  ringing = sound.createBufferSource();
  ringing.buffer = ringTone ?? null;
  ringing.loop = true;
  ringing.connect(sound.destination);
  ringing.start();
  void unlock();
}

/** Two soft notes, once: somebody asks while a caller is being listened to. */
export function chime(): void {
  const sound = audio();
  const buffer = new AudioBuffer({ length: RING_RATE, sampleRate: RING_RATE });
  note(buffer.getChannelData(0), RING_RATE, 0, 0.14, 784, 0.08);
  note(buffer.getChannelData(0), RING_RATE, 0.15, 0.18, 1047, 0.08);
  const source = sound.createBufferSource();
  source.buffer = buffer;
  source.connect(sound.destination);
  source.start();
  void unlock();
}

/** Silence, at once. */
export function stopRing(): void {
  ringing?.stop();
  ringing?.disconnect();
  ringing = undefined;
}

export function isRinging(): boolean {
  return ringing !== undefined && !locked();
}

/** Three notes to check the headset. */
export async function playTestTone(): Promise<void> {
  await unlock();
  const sound = audio();
  const buffer = sound.createBuffer(1, sound.sampleRate, sound.sampleRate);
  const samples = buffer.getChannelData(0);
  [523, 659, 784].forEach((hertz, i) => {
    note(samples, sound.sampleRate, i * 0.22, 0.24, hertz, 0.22);
  });
  const source = sound.createBufferSource();
  source.buffer = buffer;
  source.connect(sound.destination);
  source.start();
}

/** Measures a stream: `level()` is 0 (silence) to 1 (loud), `tone(hertz)` is in dB. */
export class Meter {
  private readonly analyser: AnalyserNode;
  private readonly source: MediaStreamAudioSourceNode;
  private readonly samples: Float32Array<ArrayBuffer>;
  private readonly spectrum: Float32Array<ArrayBuffer>;

  constructor(stream: MediaStream) {
    const sound = audio();
    this.source = sound.createMediaStreamSource(stream);
    this.analyser = sound.createAnalyser();
    this.analyser.fftSize = 2048;
    this.analyser.smoothingTimeConstant = 0.2;
    this.source.connect(this.analyser);
    this.samples = new Float32Array(this.analyser.fftSize);
    this.spectrum = new Float32Array(this.analyser.frequencyBinCount);
  }

  level(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, x) => sum + x * x, 0) / this.samples.length;
    return levelOf(power);
  }

  /** Strength of one frequency, and of the loudest elsewhere in the voice band, in dB. */
  tone(hertz: number): { there: number; elsewhere: number } {
    this.analyser.getFloatFrequencyData(this.spectrum);
    const width = audio().sampleRate / this.analyser.fftSize;
    const at = Math.round(hertz / width);
    let there = Number.NEGATIVE_INFINITY;
    let elsewhere = Number.NEGATIVE_INFINITY;
    for (let i = Math.ceil(250 / width); i < Math.floor(3600 / width); i++) {
      const strength = this.spectrum[i] ?? Number.NEGATIVE_INFINITY;
      if (Math.abs(i - at) <= 2) there = Math.max(there, strength);
      else if (Math.abs(i - at) > 8) elsewhere = Math.max(elsewhere, strength);
    }
    return { there, elsewhere };
  }

  stop(): void {
    this.source.disconnect();
    this.analyser.disconnect();
  }
}

/** Mean power (full scale 1) as a bar's length: −60 dB is empty, −10 dB is full. */
export function levelOf(power: number): number {
  if (power <= 0) return 0;
  return Math.min(1, Math.max(0, (10 * Math.log10(power) + 60) / 50));
}

/** Above this level a person is speaking. */
export const SPEECH = 0.3;
