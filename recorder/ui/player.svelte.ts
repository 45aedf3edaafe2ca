/** The sound of one recording: where one is in it, how fast, which of both lanes, which part again and again. */

import { inLoop, type Loop, looped } from "./timeline";

export type Lane = "caller" | "centre";

export class Player {
  /** Seconds from the first sound. */
  at = $state(0);
  length = $state(0);
  playing = $state(false);
  /** The sound of where one is, is still on its way. */
  waiting = $state(false);
  failed = $state(false);
  ready = $state(false);
  speed = $state(1);
  loop = $state.raw<Loop>({});
  muted = $state<Record<Lane, boolean>>({ caller: false, centre: false });
  /** -1: the caller alone; 1: the centre alone. */
  balance = $state(0);

  private readonly audio = new Audio();
  private context: AudioContext | undefined;
  private gains: Record<Lane, GainNode> | undefined;
  private frame = 0;
  /** Where to go once it is where it was asked to go before: keys held down do not pile up. */
  private wanted: number | undefined;

  constructor() {
    this.audio.preload = "auto";
    this.audio.preservesPitch = true;
    this.audio.dataset.testid = "recording-audio";
    const on = (name: string, act: () => void) => this.audio.addEventListener(name, act);
    on("loadedmetadata", () => this.loaded());
    on("seeked", () => this.arrived());
    on("timeupdate", () => this.passed());
    on("playing", () => this.started());
    on("pause", () => this.stopped());
    on("ended", () => this.stopped());
    on("waiting", () => this.wait(true));
    on("canplay", () => this.wait(false));
    on("error", () => this.broken());
  }

  /** A recording of so many seconds, not heard yet. */
  open(seconds: number): void {
    this.close();
    this.length = seconds;
  }

  /** Forget the recording, and its sound. */
  close(): void {
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
    this.ready = this.playing = this.waiting = this.failed = false;
    this.at = this.length = 0;
    this.loop = {};
    this.wanted = undefined;
  }

  /** Take the sound from an address, and play it from where one is. */
  load(address: string): void {
    this.failed = false;
    this.waiting = true;
    this.audio.src = address;
    this.ready = true;
    void this.play();
  }

  async play(): Promise<void> {
    if (!this.ready) return;
    this.connect();
    await this.context?.resume();
    if (this.at >= this.length - 0.05) this.seek(0);
    await this.audio.play().catch(() => undefined); // why it cannot is told by its own events
  }

  pause(): void {
    this.audio.pause();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else void this.play();
  }

  seek(seconds: number): void {
    const to = Math.min(Math.max(0, seconds), this.length);
    this.at = to;
    if (!this.ready) return;
    if (this.audio.seeking || this.audio.readyState === 0) this.wanted = to;
    else this.audio.currentTime = to;
  }

  move(seconds: number): void {
    this.seek(this.at + seconds);
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.audio.playbackRate = speed;
  }

  setLoop(end: "a" | "b"): void {
    this.loop = looped(this.loop, end, this.at);
  }

  unloop(): void {
    this.loop = {};
  }

  mute(lane: Lane): void {
    this.muted[lane] = !this.muted[lane];
    this.level();
  }

  setBalance(balance: number): void {
    this.balance = balance;
    this.level();
  }

  /** End for good. */
  end(): void {
    this.close();
    void this.context?.close();
  }

  /** Left is the caller, right the centre: each with a level of its own, both heard in both ears. */
  private connect(): void {
    if (this.context !== undefined) return;
    const context = new AudioContext();
    const apart = context.createChannelSplitter(2);
    context.createMediaElementSource(this.audio).connect(apart);
    const lane = (output: number) => {
      const gain = context.createGain();
      gain.channelCount = 1;
      gain.channelCountMode = "explicit";
      apart.connect(gain, output);
      gain.connect(context.destination);
      return gain;
    };
    this.context = context;
    this.gains = { caller: lane(0), centre: lane(1) };
    this.level();
  }

  private level(): void {
    const weight = { caller: Math.min(1, 1 - this.balance), centre: Math.min(1, 1 + this.balance) };
    for (const lane of ["caller", "centre"] as const) {
      const gain = this.muted[lane] ? 0 : weight[lane];
      this.gains?.[lane].gain.setTargetAtTime(gain, this.context?.currentTime ?? 0, 0.01);
    }
  }

  private loaded(): void {
    this.audio.playbackRate = this.speed;
    if (this.at > 0) this.audio.currentTime = this.at;
  }

  private arrived(): void {
    const to = this.wanted;
    this.wanted = undefined;
    if (to !== undefined) this.audio.currentTime = to;
    else this.at = this.audio.currentTime;
  }

  private started(): void {
    this.playing = true;
    this.waiting = false;
    cancelAnimationFrame(this.frame);
    const look = () => {
      this.passed();
      if (this.playing) this.frame = requestAnimationFrame(look);
    };
    look();
  }

  private stopped(): void {
    this.playing = false;
    this.waiting = false;
    this.passed();
  }

  private passed(): void {
    if (this.audio.seeking || this.wanted !== undefined || this.audio.readyState === 0) return;
    const at = this.audio.currentTime;
    const to = inLoop(this.loop, at);
    if (to !== at) this.seek(to);
    else this.at = Math.min(at, this.length);
  }

  private wait(waiting: boolean): void {
    this.waiting = waiting;
  }

  private broken(): void {
    if (!this.audio.hasAttribute("src")) return;
    this.playing = this.waiting = this.ready = false;
    this.failed = true;
  }
}
