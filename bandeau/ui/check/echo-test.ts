/**
 * The echo test: calls the telephone server, which sends back what it hears. A short tone mixed into the
 * microphone is looked for in what returns, so the path is proven without asking the agent; then the agent speaks.
 */

import type { RTCSession } from "jssip/lib/RTCSession";
import { every } from "$ui/timers";
import { end, type SipAgent } from "../sip-agent";
import { audio, Meter, SPEECH, unlock } from "../sound";

const PROBE_HERTZ = 1250;
const PROBE_SECONDS = 0.35;
const LOOK_EVERY_MS = 20;
const RETURN_WITHIN_MS = 4000;
const SPEAK_MS = 12_000;
/** The tone stands this much above the rest of what returns, and above this floor (dB). */
const STANDS_OUT = 12;
const FLOOR = -70;

export type EchoState = "idle" | "calling" | "probing" | "speaking" | "ok" | "silent" | "failed";

export interface EchoReport {
  state: EchoState;
  /** From the tone's start to its return; the time it lasts before it can be recognised is in it. */
  roundTripMs?: number;
  voiceReturned: boolean;
  /** Level of what returns, 0 to 1. */
  level: number;
}

export class EchoTest {
  private session: RTCSession | undefined;
  private incoming: Meter | undefined;
  private stopTicking = () => {};
  private mixed: MediaStreamAudioDestinationNode | undefined;
  private nodes: AudioNode[] = [];
  private voice: GainNode | undefined;
  private startedAt = 0;
  private probedAt = 0;
  private report: EchoReport = { state: "idle", voiceReturned: false, level: 0 };

  constructor(
    private readonly agent: SipAgent,
    private readonly target: string,
    private readonly microphone: MediaStream,
    private readonly player: HTMLAudioElement,
    private readonly tell: (report: EchoReport) => void,
  ) {}

  async run(): Promise<void> {
    await unlock();
    const sound = audio();
    this.mixed = sound.createMediaStreamDestination();
    const source = sound.createMediaStreamSource(this.microphone);
    // Closed until the tone is back: somebody talking meanwhile must not hide it.
    this.voice = sound.createGain();
    this.voice.gain.value = 0;
    source.connect(this.voice).connect(this.mixed);
    this.nodes.push(source, this.voice);
    this.set({ state: "calling" });
    this.startedAt = performance.now();
    this.session = this.agent.call(this.target, this.mixed.stream, {
      sound: (stream) => {
        this.player.srcObject = stream;
        void this.player.play().catch(() => undefined);
        this.incoming = new Meter(stream);
      },
      open: () => this.probe(),
      ended: () => this.finish(this.report.state === "ok" ? "ok" : "failed"),
      broken: () => this.finish("failed"),
    });
    this.stopTicking = every(LOOK_EVERY_MS, () => this.look());
  }

  /** The connection under test, once there is one. */
  get connection(): RTCPeerConnection | undefined {
    return this.session?.connection;
  }

  /** Stop now; what was found stays. */
  stop(): void {
    this.finish(this.report.roundTripMs === undefined ? "idle" : "ok");
  }

  private probe(): void {
    const sound = audio();
    const tone = sound.createOscillator();
    const gain = sound.createGain();
    tone.frequency.value = PROBE_HERTZ;
    gain.gain.value = 0.25;
    tone.connect(gain);
    if (this.mixed) gain.connect(this.mixed);
    // The first packets of a call are often lost to the jitter buffer: leave them time.
    const at = sound.currentTime + 0.4;
    tone.start(at);
    tone.stop(at + PROBE_SECONDS);
    this.nodes.push(gain);
    this.probedAt = performance.now() + 400;
    this.set({ state: "probing" });
  }

  private look(): void {
    const now = performance.now();
    const { state } = this.report;
    const level = this.incoming?.level() ?? 0;
    if (state === "calling" && now - this.startedAt > RETURN_WITHIN_MS) this.finish("failed");
    else if (state === "probing") this.lookForTone(now, level);
    else if (state === "speaking") this.listen(now, level);
  }

  private lookForTone(now: number, level: number): void {
    const heard = this.incoming?.tone(PROBE_HERTZ);
    if (heard && now > this.probedAt && heard.there > FLOOR && heard.there - heard.elsewhere > STANDS_OUT) {
      if (this.voice) this.voice.gain.value = 1;
      this.set({ state: "speaking", roundTripMs: Math.round(now - this.probedAt), level });
    } else if (now - this.probedAt > RETURN_WITHIN_MS) {
      this.finish("silent");
    }
  }

  private listen(now: number, level: number): void {
    const sinceProbe = now - this.probedAt - (this.report.roundTripMs ?? 0);
    // The tone itself must be over before anything counts as a voice.
    const voiceReturned =
      this.report.voiceReturned || (sinceProbe > PROBE_SECONDS * 1000 + 300 && level > SPEECH);
    this.set({ voiceReturned, level });
    if (sinceProbe > SPEAK_MS) this.finish("ok");
  }

  private finish(state: EchoState): void {
    this.stopTicking();
    const session = this.session;
    this.session = undefined;
    if (this.incoming === undefined && session === undefined && this.mixed === undefined) return;
    end(session);
    this.incoming?.stop();
    for (const node of this.nodes) node.disconnect();
    this.nodes = [];
    this.incoming = this.mixed = undefined;
    this.player.srcObject = null;
    this.set({ state, level: 0 });
  }

  private set(change: Partial<EchoReport>): void {
    this.report = { ...this.report, ...change };
    this.tell(this.report);
  }
}
