/**
 * The telephone of the page: a kept audio leg to the core, opened again by itself whenever it fails, and the
 * calls of the fallback that come in beside it.
 *
 * A SIP connection is never repaired: a new one is made, its leg opened, and only then is the old one left. So
 * what is still heard goes on being heard meanwhile.
 */

import type { RTCSession } from "jssip/lib/RTCSession";
import { type Credentials, type IceAccess, iceAccess } from "$ui/api";
import { backOff } from "$ui/live";
import { after } from "$ui/timers";
import { HoldMusic } from "./hold-music";
import type { LegState } from "./model";
import { answer, end, SipAgent, sendTrack } from "./sip-agent";

/** A leg that is not open by then is tried again from the start. */
const OPEN_WITHIN_MS = 4000;
/** A broken path often heals at once (a roaming access point); then it is replaced. */
const HEAL_MS = 1500;
/** Between two tries to renew the ways for sound. */
const ICE_RETRY_MS = 30_000;
/** Longest wait between two tries: a call may be going on unheard. */
const RETRY_MS = 1500;

/** How the dialplan says that it has passed a caller on (asterisk-conf, secours-pass-on). */
const PASSED_ON = 486;

const NO_ICE: IceAccess = { servers: [], policy: "all", seconds: 0 };

export interface LineHandlers {
  leg(state: LegState): void;
  registered(on: boolean): void;
  /** A call of the fallback came (`ringing`), was answered (`talking`), ended (undefined). */
  secours(call: { number?: string; state: "ringing" | "talking" | "held" } | undefined): void;
  /** Whether a call of the fallback may ring now. */
  takesSecours(): boolean;
  /** The browser holds sound back until the page is clicked. */
  soundBlocked(): void;
}

export interface Players {
  leg: HTMLAudioElement;
  secours: HTMLAudioElement;
}

export class SipLine {
  private agent: SipAgent | undefined;
  private former: SipAgent | undefined;
  private session: RTCSession | undefined;
  private legTrack: MediaStreamTrack | undefined;
  private wanted = false;
  private started = false;
  private closed = false;
  private attempt = 0;
  private known: Credentials | undefined;
  private cancelRetry = () => {};
  private cancelWatch = () => {};
  private cancelIce = () => {};
  private secoursSession: RTCSession | undefined;
  private secoursAgent: SipAgent | undefined;
  private secoursTrack: MediaStreamTrack | undefined;
  private secoursNumber: string | undefined;
  private secoursMuted = false;
  private secoursHeld = false;
  private legHeld = false;
  private readonly music = new HoldMusic();
  private microphone: MediaStream | undefined;
  private microphoneKnown = false;
  private legMuted = false;

  constructor(
    private readonly credentials: () => Promise<Credentials>,
    private readonly players: Players,
    private readonly handlers: LineHandlers,
  ) {}

  // --- the connection ---------------------------------------------------------------------------------------

  /** Register, and stay registered until {@link close}. */
  async start(): Promise<void> {
    if (this.started) return;
    this.started = true;
    this.closed = false;
    this.attempt = 0;
    await this.renew();
  }

  /** Leave: every session ends. */
  close(): void {
    this.closed = true;
    this.started = this.wanted = false;
    this.cancelRetry();
    this.cancelWatch();
    this.cancelIce();
    for (const agent of [this.agent, this.former, this.secoursAgent]) agent?.stop();
    this.agent = this.former = this.session = undefined;
    this.microphone = undefined;
    this.microphoneKnown = false;
    this.handlers.registered(false);
    this.handlers.leg("closed");
  }

  /** The account has another password from now on; what is open stays open. */
  adopt(password: string): void {
    if (this.known === undefined) return;
    this.known.password = password;
    for (const agent of [this.agent, this.former]) agent?.adopt(password);
  }

  get target(): Credentials | undefined {
    return this.known;
  }

  /** The connection of now, for a call to a service; undefined while there is none. */
  get connection(): SipAgent | undefined {
    return this.agent?.connected() ? this.agent : undefined;
  }

  private async renew(): Promise<void> {
    this.cancelRetry();
    this.cancelWatch();
    if (this.closed) return;
    if (this.wanted) this.handlers.leg(this.withoutMicrophone() ?? "opening");
    this.retire(this.agent);
    this.agent = undefined;
    try {
      if (this.known === undefined) {
        this.known = await this.credentials();
        this.renewIceLater();
      }
    } catch {
      // The core does not answer now, or the session ended: the live link says which; here, only try again.
      this.retry();
      return;
    }
    if (this.closed) return;
    const agent = new SipAgent(this.known, {
      connected: () => this.openLegOn(agent),
      disconnected: () => this.lost(agent),
      registered: (on) => {
        if (this.agent === agent) this.handlers.registered(on);
      },
      refused: () => {
        this.known = undefined;
        this.lost(agent);
      },
      incoming: (session, number) => this.ring(agent, session, number),
    });
    this.agent = agent;
    this.cancelWatch = after(OPEN_WITHIN_MS, () => {
      if (!agent.connected()) this.lost(agent);
    });
    agent.start();
  }

  /** Credentials of a relay end soon: new ones are there long before the leg must be opened again. */
  private renewIceLater(ms?: number): void {
    this.cancelIce();
    const ice = this.known?.ice;
    if (ice === undefined || ice.servers.length === 0) return;
    this.cancelIce = after(ms ?? ice.seconds * 500, () => {
      iceAccess()
        .then((fresh) => {
          if (this.known) this.known.ice = fresh;
          for (const agent of [this.agent, this.former]) if (agent) agent.ice = fresh;
          this.renewIceLater();
        })
        .catch(() => this.renewIceLater(ICE_RETRY_MS));
    });
  }

  private lost(agent: SipAgent): void {
    if (this.agent !== agent || this.closed) return;
    this.handlers.registered(false);
    this.retry();
  }

  private retry(): void {
    this.cancelRetry();
    if (this.wanted) this.handlers.leg(this.withoutMicrophone() ?? "opening");
    this.cancelRetry = after(backOff(this.attempt, Math.random(), RETRY_MS), () => void this.renew());
    this.attempt += 1;
  }

  /** Keep one former connection until the new leg is open: its sound may still be alive. */
  private retire(agent: SipAgent | undefined): void {
    if (agent === undefined || agent === this.former) return;
    if (this.session === undefined && agent !== this.secoursAgent) agent.stop();
    else if (this.former === undefined) this.former = agent;
    else if (agent !== this.secoursAgent) agent.stop();
  }

  private leaveFormer(): void {
    if (this.former !== this.secoursAgent) this.former?.stop();
    this.former = undefined;
  }

  // --- the kept leg -----------------------------------------------------------------------------------------

  /** Open the kept leg, and keep it open. */
  openLeg(): void {
    this.wanted = true;
    this.handlers.leg(this.withoutMicrophone() ?? "opening");
    if (this.agent?.connected()) this.openLegOn(this.agent);
  }

  /** Leave the leg: a telephone carries the sound, or the agent leaves. The registration stays. */
  closeLeg(): void {
    if (!this.wanted) return;
    this.wanted = false;
    this.cancelWatch();
    end(this.session);
    this.session = undefined;
    this.handlers.leg("closed");
  }

  /** The open leg's connection, for who measures it. */
  get legConnection(): RTCPeerConnection | undefined {
    return this.session?.isEstablished() ? this.session.connection : undefined;
  }

  /** Open the leg afresh: the core says that it does not have it. */
  reopen(): void {
    if (this.wanted) void this.renew();
  }

  private openLegOn(agent: SipAgent): void {
    if (!this.wanted || this.agent !== agent || this.known === undefined) return;
    if (this.microphone === undefined) {
      this.handlers.leg(this.withoutMicrophone() ?? "opening");
      return;
    }
    this.handlers.leg("opening");
    let session: RTCSession | undefined;
    const mine = (action: () => void) => () => {
      if (this.agent === agent && this.session === session) action();
    };
    this.cancelWatch();
    this.cancelWatch = after(OPEN_WITHIN_MS, () => this.lost(agent));
    session = agent.call(this.known.legTarget, this.legStream(this.microphone), {
      sound: (stream) => this.play(this.players.leg, stream),
      open: () => mine(() => this.legOpened())(),
      ended: () => mine(() => this.legEnded(agent))(),
      broken: () => mine(() => this.legBroken(agent, session))(),
    });
    this.session = session;
  }

  private legStream(microphone: MediaStream): MediaStream {
    this.legTrack?.stop();
    this.legTrack = microphone.getAudioTracks()[0]?.clone();
    if (this.legTrack) this.legTrack.enabled = !this.legMuted;
    return new MediaStream(this.legTrack ? [this.legTrack] : []);
  }

  private legOpened(): void {
    this.attempt = 0;
    this.cancelWatch();
    this.leaveFormer();
    this.handlers.leg("open");
  }

  private legEnded(agent: SipAgent): void {
    this.session = undefined;
    this.cancelWatch();
    if (!this.wanted || this.closed) return;
    this.handlers.leg("opening");
    this.cancelRetry();
    this.cancelRetry = after(backOff(this.attempt, Math.random(), RETRY_MS), () => {
      // A refused password ends the leg and the registration, in any order: then both need a new account.
      if (agent.connected() && this.known !== undefined) this.openLegOn(agent);
      else void this.renew();
    });
    this.attempt += 1;
  }

  private legBroken(agent: SipAgent, session: RTCSession | undefined): void {
    this.cancelWatch();
    this.cancelWatch = after(HEAL_MS, () => {
      const state = session?.connection?.iceConnectionState;
      if (state !== "connected" && state !== "completed") this.lost(agent);
    });
  }

  // --- the microphone ---------------------------------------------------------------------------------------

  private withoutMicrophone(): LegState | undefined {
    return this.microphoneKnown && this.microphone === undefined ? "no_microphone" : undefined;
  }

  /** Use this microphone from now on, in what is open too; undefined: there is none. */
  setMicrophone(stream: MediaStream | undefined): void {
    this.microphone = stream;
    this.microphoneKnown = true;
    if (stream === undefined && this.wanted && !this.session?.isEstablished())
      this.handlers.leg("no_microphone");
    const track = stream?.getAudioTracks()[0];
    if (track === undefined) return;
    if (this.session?.isEstablished()) {
      sendTrack(this.session, this.legStream(stream as MediaStream).getAudioTracks()[0] ?? track);
    } else if (this.wanted && this.agent?.connected()) {
      this.openLegOn(this.agent);
    }
    if (this.secoursSession?.isEstablished()) {
      this.secoursTrack?.stop();
      this.secoursTrack = track.clone();
      this.secoursTrack.enabled = !this.secoursMuted;
      if (!this.secoursHeld) sendTrack(this.secoursSession, this.secoursTrack);
    }
  }

  /** Close or open the microphone towards the kept leg. */
  muteLeg(muted: boolean): void {
    this.legMuted = muted;
    if (this.legTrack) this.legTrack.enabled = !muted;
  }

  /** Close or open the microphone towards the call of the fallback. */
  muteSecours(muted: boolean): void {
    this.secoursMuted = muted;
    if (this.secoursTrack) this.secoursTrack.enabled = !muted;
  }

  // --- calls of the fallback --------------------------------------------------------------------------------

  private ring(agent: SipAgent, session: RTCSession, number: string | undefined): void {
    if (this.secoursSession || this.microphone === undefined || !this.handlers.takesSecours()) {
      end(session, 486);
      return;
    }
    this.secoursSession = session;
    this.secoursAgent = agent;
    this.secoursNumber = number;
    const over = () => this.secoursEnded(session);
    session.on("ended", over);
    session.on("failed", over);
    this.tellSecours("ringing");
  }

  answerSecours(): void {
    const track = this.microphone?.getAudioTracks()[0];
    if (this.secoursSession === undefined || track === undefined) return;
    this.secoursTrack = track.clone();
    answer(this.secoursSession, this.secoursAgent?.ice ?? NO_ICE, new MediaStream([this.secoursTrack]), {
      sound: (stream) => this.play(this.players.secours, stream),
      open: () => {},
      ended: () => {},
      broken: () => {},
    });
    this.tellSecours("talking");
  }

  /** End the call of the fallback, or refuse it while it rings. */
  endSecours(): void {
    const session = this.secoursSession;
    end(session, session?.isEstablished() ? undefined : 486);
  }

  /** Let the caller hear music, or speak to them again. The page plays it: nobody else is sure to be there. */
  holdSecours(on: boolean): void {
    if (!this.secoursSession?.isEstablished() || this.secoursHeld === on) return;
    this.secoursHeld = on;
    this.players.secours.muted = on;
    this.playMusic(on, this.secoursSession, this.secoursTrack);
    this.tellSecours(on ? "held" : "talking");
  }

  /** The same on the kept leg, for an agent who has finished a call that the core cannot end. */
  holdLeg(on: boolean): void {
    if (this.legHeld === on || !this.session?.isEstablished()) return;
    this.legHeld = on;
    this.playMusic(on, this.session, this.legTrack);
  }

  private playMusic(on: boolean, session: RTCSession, otherwise: MediaStreamTrack | undefined): void {
    const track = on ? this.music.start() : otherwise;
    if (!on) this.music.stop();
    if (track) sendTrack(session, track);
  }

  /** Pass the caller of the fallback on. Refused, the call goes on as it was. */
  async passOnSecours(number: string): Promise<boolean> {
    const track = this.microphone?.getAudioTracks()[0];
    const session = this.secoursSession;
    if (!session?.isEstablished() || this.secoursAgent === undefined || track === undefined) return false;
    const silent = track.clone();
    silent.enabled = false;
    const status = await this.secoursAgent.ask(number, new MediaStream([silent]));
    silent.stop();
    if (status === PASSED_ON) end(session);
    return status === PASSED_ON;
  }

  private secoursEnded(session: RTCSession): void {
    if (this.secoursSession !== session) return;
    const agent = this.secoursAgent;
    this.secoursTrack?.stop();
    if (this.secoursHeld) this.music.stop();
    this.secoursHeld = this.players.secours.muted = false;
    this.secoursSession = this.secoursAgent = this.secoursTrack = undefined;
    if (agent !== this.agent && agent !== this.former) agent?.stop();
    this.handlers.secours(undefined);
  }

  private tellSecours(state: "ringing" | "talking" | "held"): void {
    this.handlers.secours(this.secoursNumber === undefined ? { state } : { state, number: this.secoursNumber });
  }

  private play(player: HTMLAudioElement, stream: MediaStream): void {
    player.srcObject = stream;
    player.play().catch((error: DOMException) => {
      if (error.name === "NotAllowedError") this.handlers.soundBlocked();
    });
  }
}
