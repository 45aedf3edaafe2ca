/**
 * Instant recall: the last seconds of what the agent heard, played again in the agent's ear alone.
 *
 * It is kept in this page's memory only, for the call that is heard, and wiped when that call is heard no more. The
 * call itself knows nothing of it: it goes on, heard lower meanwhile.
 */

import { savedChoice } from "./microphone";
import workletUrl from "./recall.worklet.js?url";
import { audio } from "./sound";
import { KEPT_SECONDS, Tape } from "./tape";

/** How loud the call is while something is played again, of 1. */
const LIVE_VOLUME = 0.3;
/** Slower speed; the voice keeps its pitch. */
const SLOW_RATE = 0.75;

export const CHOICES = [10, 20, 30, 40, 50, KEPT_SECONDS];
export const USUAL = 20;

/** What was said, again: by this page, or by the centre into a telephone. */
export interface Replay {
  /** What is being played: its length in seconds. */
  readonly playing: number | undefined;
  /** Share played, 0 to 1. */
  readonly progress: number;
  /** Whole seconds kept, where this page keeps them. */
  readonly kept: number | undefined;
  play(seconds: number, slow: boolean): void;
  stop(): void;
}

export class Recall implements Replay {
  /** What is being played: its length in seconds. */
  playing = $state<number>();
  /** Share played, 0 to 1. */
  progress = $state(0);
  /** Whole seconds kept. */
  kept = $state(0);

  private callId: string | undefined;
  private stream: MediaStream | undefined;
  private tape: Tape | undefined;
  private nodes: AudioNode[] = [];
  private player: HTMLAudioElement | undefined;
  private loaded: Promise<void> | undefined;

  private leg: HTMLAudioElement | undefined;

  /** `legOf`: the player that a call is heard by. */
  constructor(private readonly legOf: (callId: string) => HTMLAudioElement | undefined) {}

  /** The call that is heard now, if one is: it is listened to, and no other; nor what is left out (`kept`). */
  follow(callId: string | undefined, kept = true): void {
    const leg = callId === undefined ? undefined : this.legOf(callId);
    const stream = kept ? ((leg?.srcObject ?? null) as MediaStream | null) : null;
    if (callId === this.callId && (stream ?? undefined) === this.stream) return;
    if (callId !== this.callId) this.forget();
    this.leg = leg;
    this.callId = callId;
    this.listen(stream ?? undefined);
  }

  /** Play the last seconds again; what is being played is stopped first. */
  play(seconds: number, slow: boolean): void {
    this.stop();
    if (!this.tape || this.tape.seconds < 0.5) return;
    const url = URL.createObjectURL(new Blob([this.tape.wav(seconds)], { type: "audio/wav" }));
    const player = new Audio(url);
    player.playbackRate = slow ? SLOW_RATE : 1;
    player.ontimeupdate = () => {
      if (this.player === player && player.duration) this.progress = player.currentTime / player.duration;
    };
    player.onended = player.onerror = () => {
      if (this.player === player) this.stop();
    };
    this.player = player;
    this.progress = 0;
    this.playing = Math.min(seconds, Math.round(this.tape.seconds));
    if (this.leg) this.leg.volume = LIVE_VOLUME;
    void this.start(player);
  }

  stop(): void {
    const player = this.player;
    this.player = undefined;
    this.playing = undefined;
    if (this.leg) this.leg.volume = 1;
    if (!player) return;
    player.pause();
    URL.revokeObjectURL(player.src);
  }

  private async start(player: HTMLAudioElement): Promise<void> {
    const { output } = savedChoice();
    if (output && "setSinkId" in player) await player.setSinkId(output).catch(() => undefined);
    await player.play().catch(() => {
      if (this.player === player) this.stop();
    });
  }

  private forget(): void {
    this.stop();
    this.tape?.wipe();
    this.tape = undefined;
    this.kept = 0;
  }

  private listen(stream: MediaStream | undefined): void {
    for (const node of this.nodes) node.disconnect();
    this.nodes = [];
    this.stream = stream;
    if (stream?.getAudioTracks().length) void this.attach(stream);
  }

  private async attach(stream: MediaStream): Promise<void> {
    const sound = audio();
    this.loaded ??= sound.audioWorklet.addModule(workletUrl);
    await this.loaded;
    if (this.stream !== stream) return;
    const listener = new AudioWorkletNode(sound, "listener", { channelCount: 1, channelCountMode: "explicit" });
    const source = sound.createMediaStreamSource(stream);
    const tape = this.tape ?? new Tape(sound.sampleRate);
    this.tape = tape;
    listener.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
      if (this.tape !== tape) return;
      tape.add(data);
      this.kept = Math.floor(tape.seconds);
    };
    source.connect(listener);
    // A node that leads nowhere is not run: its output is silence.
    listener.connect(sound.destination);
    this.nodes = [source, listener];
  }
}
