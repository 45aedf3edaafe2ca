/** The strip at work: joins the live view, the audio line, the ring and the agent's hands. */

import { flushSync } from "svelte";
import { liveUrl, pages, type Session, stripCredentials, logOut as tellLogOut } from "$ui/api";
import { duration } from "$ui/format";
import { type LinkStatus, LiveConnection } from "$ui/live-connection";
import * as texts from "$ui/texts";
import { after, every } from "$ui/timers";
import type { Offer, PauseReason, StripView } from "$ui/views";
import { alertOffer, calm, setTitle } from "./attention";
import { closeStream, MicrophoneError, openMicrophone, savedChoice } from "./microphone";
import {
  type Action,
  actions,
  caller,
  currentCall,
  face,
  type LegState,
  lineName,
  type SecoursCall,
  type Situation,
  stateShown,
  takesSecours,
} from "./model";
import { forgetShift, rememberAlive, rememberStart } from "./shift";
import { SipLine } from "./sip-line";
import { locked, playOn, prepareRing, startRing, stopRing, unlock } from "./sound";

/** A core away for less than this is not worth a word. */
const LOST_AFTER_MS = 1200;
/** The core says the leg is closed while the page thinks it open: believe the core after this. */
const LEG_DOUBT_MS = 4000;
const ERROR_SHOWN_MS = 5000;
const TICK_MS = 200;
const ALIVE_EVERY_MS = 10_000;
/** How often a detached window is looked at: is it still there? */
const DETACHED_MS = 300;

export class Strip {
  view = $state.raw<StripView>();
  link = $state<LinkStatus>("connecting");
  coreLost = $state(false);
  leg = $state<LegState>("closed");
  registered = $state(false);
  secours = $state.raw<SecoursCall>();
  secoursPaused = $state(false);
  secoursSince = $state(0);
  muted = $state(false);
  finishedCall = $state<string>();
  lastNumber = $state.raw<{ number?: string; hidden: boolean }>();
  now = $state(Date.now());
  error = $state<string>();
  busy = $state<Action>();
  /** Changes of the microphone that the core has not answered yet. */
  muting = $state(0);
  soundLocked = $state(false);
  offerShownAt = $state(0);
  microphone = $state.raw<MediaStream>();

  situation: Situation = $derived({
    view: this.view,
    link: this.link,
    coreLost: this.coreLost,
    leg: this.leg,
    registered: this.registered,
    secours: this.secours,
    secoursPaused: this.secoursPaused,
    secoursSince: this.secoursSince,
    muted: this.muted,
    finishedCall: this.finishedCall,
  });
  face = $derived(face(this.situation));
  shown = $derived(stateShown(this.situation, this.now));
  allowed = $derived(actions(this.situation));

  readonly line: SipLine;
  private readonly live: LiveConnection<StripView>;
  private cancels: (() => void)[] = [];
  private lostTimer: (() => void) | undefined;
  private cancelError = () => {};
  private legDoubt: number | undefined;
  private ringingFor: string | undefined;
  private silencedOffer: string | undefined;
  private pausedForSecours = false;
  private muteUnsent = false;

  constructor(
    readonly session: Session,
    private readonly players: { leg: HTMLAudioElement; secours: HTMLAudioElement },
  ) {
    this.line = new SipLine(stripCredentials, players, {
      leg: (state) => {
        this.leg = state;
      },
      registered: (on) => {
        this.registered = on;
      },
      secours: (call) => this.secoursChanged(call),
      takesSecours: () => takesSecours(this.situation),
      soundBlocked: () => {
        this.soundLocked = true;
      },
    });
    this.live = new LiveConnection(liveUrl("/ws/bandeau"), {
      view: (view) => this.viewChanged(view),
      link: (status) => this.linkChanged(status),
    });
  }

  // --- beginning and end --------------------------------------------------------------------------------------

  /** Take the position: live view, microphone, registration and leg, all at the same time. */
  begin(microphone?: MediaStream): void {
    rememberStart(this.session.agent.id);
    rememberAlive(this.session.agent.id, Date.now());
    this.live.start();
    void this.line.start();
    this.line.openLeg();
    if (microphone) this.useMicrophone(microphone);
    else void this.findMicrophone();
    playOn(savedChoice().output);
    prepareRing();
    void this.routeOutput();
    this.cancels = [
      every(TICK_MS, () => this.tick()),
      every(ALIVE_EVERY_MS, () => rememberAlive(this.session.agent.id, Date.now())),
    ];
  }

  /** Leave the audio and the live view, without leaving the position. */
  suspend(): void {
    for (const cancel of this.cancels) cancel();
    this.cancels = [];
    this.cancelLost();
    this.quiet();
    this.line.close();
    this.live.stop();
    this.link = "connecting";
    closeStream(this.microphone);
    this.microphone = undefined;
  }

  /** Come back after another window took the position. */
  takeBack(): void {
    this.view = undefined;
    this.begin();
  }

  /** Work in a small window of its own. When that window is closed, the strip comes back here. */
  detach(): void {
    const small = window.open(pages.strip, "bandeau15", "popup,width=420,height=300");
    if (small === null) return;
    const stop = every(DETACHED_MS, () => {
      if (!small.closed) return;
      stop();
      if (this.link === "replaced") this.takeBack();
    });
  }

  /** Leave the position, and go to the login page. */
  async leave(): Promise<void> {
    if (this.link === "up") {
      const result = await this.live.command("log_out");
      if (!result.ok && result.code !== "not_logged_in" && this.link === "up") {
        this.fail(result.message);
        return;
      }
    }
    await this.goToLogin();
  }

  private async goToLogin(): Promise<void> {
    forgetShift();
    this.suspend();
    await tellLogOut().catch(() => undefined);
    location.assign(pages.login);
  }

  // --- the microphone and the outputs -------------------------------------------------------------------------

  /** Open the chosen microphone, or the system's; on failure the strip says that it has none. */
  async findMicrophone(): Promise<void> {
    try {
      this.useMicrophone(await openMicrophone(savedChoice().microphone));
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.line.setMicrophone(undefined);
    }
  }

  private useMicrophone(stream: MediaStream): void {
    closeStream(this.microphone);
    this.microphone = stream;
    // An unplugged headset ends the track: fall back on another microphone at once.
    stream.getAudioTracks()[0]?.addEventListener("ended", () => void this.findMicrophone());
    this.line.setMicrophone(stream);
    this.line.muteLeg(this.muted);
  }

  private async routeOutput(): Promise<void> {
    const { output } = savedChoice();
    for (const player of Object.values(this.players)) {
      if (output && "setSinkId" in player) await player.setSinkId(output).catch(() => undefined);
    }
  }

  /** A click or a key came: sound may be played from now on. */
  async freeSound(): Promise<void> {
    if (!this.soundLocked && !locked()) return;
    this.soundLocked = !(await unlock());
    for (const player of Object.values(this.players)) {
      if (player.srcObject && player.paused) await player.play().catch(() => undefined);
    }
  }

  // --- what comes from the core -------------------------------------------------------------------------------

  private viewChanged(view: StripView): void {
    const former = this.view?.call;
    this.view = view;
    this.now = this.live.now();
    if (former && !view.call) this.lastNumber = former;
    if (view.call?.id !== this.finishedCall) this.finishedCall = undefined;
    if (view.position) this.followMute(view.position.muted);
    this.watchRing();
  }

  /** The core's word on muting wins, except for a change it could not be told while it was away. */
  private followMute(muted: boolean): void {
    if (this.secours || this.muting > 0) return;
    if (this.muteUnsent && this.link === "up") {
      this.muteUnsent = false;
      if (muted !== this.muted && currentCall(this.situation)) {
        void this.live.command("set_muted", { muted: this.muted });
        return;
      }
    }
    if (!this.muteUnsent) this.setMuted(muted);
  }

  private setMuted(muted: boolean): void {
    this.muted = muted;
    this.line.muteLeg(muted);
    this.line.muteSecours(muted);
  }

  private linkChanged(status: LinkStatus): void {
    this.link = status;
    if (status === "connecting" || status === "down") {
      this.lostTimer ??= after(LOST_AFTER_MS, () => this.coreGone());
      return;
    }
    this.cancelLost();
    if (status === "up") {
      this.coreFound();
    } else if (status === "logged_out") {
      void this.goToLogin();
    } else if (status === "replaced") {
      this.suspend();
      this.link = "replaced";
    }
  }

  private cancelLost(): void {
    this.lostTimer?.();
    this.lostTimer = undefined;
  }

  private coreGone(): void {
    if (this.coreLost) return;
    this.coreLost = true;
    this.secoursSince = this.live.now();
    this.secoursPaused = this.view?.position?.state === "paused";
    this.watchRing();
  }

  private coreFound(): void {
    this.coreLost = false;
    this.finishedCall = undefined;
    this.silenceLeg(false);
    if (this.secours?.state === "talking") void this.pauseForSecours();
  }

  // --- the ring -----------------------------------------------------------------------------------------------

  private watchRing(): void {
    const offer = this.face === "offered" ? this.view?.offer : undefined;
    const ringing = offer?.id ?? (this.secours?.state === "ringing" ? "secours" : undefined);
    if (ringing === this.ringingFor) return;
    this.ringingFor = ringing;
    this.offerShownAt = this.live.now();
    // It is shown before it rings: to start the ring takes as long as to show it.
    flushSync();
    this.quiet();
    if (ringing === undefined || ringing === this.silencedOffer) return;
    startRing();
    this.soundLocked = locked();
    const who = offer ? caller(offer) : caller(this.secours ?? {});
    alertOffer(who.number, offer ? this.noticeOf(offer) : texts.strip.coreLostShort);
  }

  /** The line, and how long the caller has waited at the moment of the offer. */
  private noticeOf(offer: Offer): string {
    const waited = duration(this.now - Date.parse(offer.queuedAt));
    return `${texts.strip.line(lineName(offer))}\n${texts.strip.waitsFor} ${waited}`;
  }

  private quiet(): void {
    stopRing();
    calm();
  }

  // --- the fallback -------------------------------------------------------------------------------------------

  private secoursChanged(call: { number?: string; state: "ringing" | "talking" } | undefined): void {
    const ended = this.secours?.state === "talking" && call === undefined;
    this.secours = call && { ...call, since: this.live.now() };
    if (call?.state === "talking") {
      this.setMuted(false);
      void this.pauseForSecours();
    }
    if (ended) {
      this.secoursSince = this.live.now();
      void this.readyAfterSecours();
    }
    this.watchRing();
  }

  /** No call of the core may be offered during a call of the fallback. */
  private async pauseForSecours(): Promise<void> {
    if (this.link !== "up" || this.view?.position?.state === "paused") return;
    this.pausedForSecours = (await this.live.command("pause", { reason: "other" })).ok;
  }

  private async readyAfterSecours(): Promise<void> {
    if (!this.pausedForSecours) return;
    this.pausedForSecours = false;
    await this.live.command("ready");
  }

  private silenceLeg(silent: boolean): void {
    this.players.leg.muted = silent;
    this.line.muteLeg(silent || this.muted);
  }

  // --- what the agent does ------------------------------------------------------------------------------------

  /** Do what a button or a key asks, if it is allowed now. */
  async act(action: Action): Promise<void> {
    // One thing at a time; but the microphone can always be cut.
    if (!this.allowed.includes(action) || (this.busy !== undefined && action !== "mute")) return;
    this.error = undefined;
    if (this.secours) this.actOnSecours(action);
    else if (this.coreLost) this.actAlone(action);
    else await this.actWithCore(action);
  }

  /** A pause needs its reason first; taking back a planned one does not, nor one that only the page knows of. */
  get asksPauseReason(): boolean {
    return !this.coreLost && this.view?.position?.pausePending === undefined;
  }

  async pause(reason: PauseReason): Promise<void> {
    await this.send("pause", "pause", { reason });
  }

  private actOnSecours(action: Action): void {
    if (action === "accept") this.line.answerSecours();
    else if (action === "decline" || action === "hang_up") this.line.endSecours();
    else if (action === "mute") this.setMuted(!this.muted);
  }

  private actAlone(action: Action): void {
    this.secoursSince = action === "mute" ? this.secoursSince : this.live.now();
    if (action === "mute") {
      this.muteUnsent = true;
      this.setMuted(!this.muted);
    } else if (action === "hang_up") {
      this.finishedCall = this.view?.call?.id;
      this.silenceLeg(true);
    } else {
      this.secoursPaused = action === "pause";
    }
  }

  private async actWithCore(action: Action): Promise<void> {
    const offerId = this.view?.offer?.id ?? "";
    switch (action) {
      case "accept":
      case "decline":
        this.silencedOffer = offerId;
        this.quiet();
        await this.send(action, `${action}_offer`, { offerId });
        return;
      case "hang_up":
        return this.send(action, "hang_up");
      case "hold":
        return this.send(action, this.face === "held" ? "resume" : "hold");
      case "mute":
        return this.toggleMute();
      case "pause":
        // Without a reason it can only take back a planned pause; else the page asks for the reason first.
        return this.view?.position.pausePending ? this.send(action, "ready") : undefined;
      case "ready":
        return this.send(action, "ready");
    }
  }

  private async toggleMute(): Promise<void> {
    // The microphone is cut here first: nothing more may be heard, whatever the network does.
    this.setMuted(!this.muted);
    this.muting += 1;
    const result = await this.live.command("set_muted", { muted: this.muted });
    this.muting -= 1;
    // Not heard by the core: the agent's word stands, and is said again when the core is back.
    if (!result.ok && (result.code === "disconnected" || result.code === "timeout")) this.muteUnsent = true;
    else if (!result.ok) this.fail(result.message);
    if (this.view?.position) this.followMute(this.view.position.muted);
  }

  private async send(action: Action, name: string, args: Record<string, string | boolean> = {}): Promise<void> {
    this.busy = action;
    const result = await this.live.command(name, args);
    this.busy = undefined;
    if (!result.ok) this.fail(result.message);
  }

  private fail(message: string): void {
    this.error = message || texts.errors.refused;
    this.cancelError();
    this.cancelError = after(ERROR_SHOWN_MS, () => {
      this.error = undefined;
    });
  }

  // --- as time passes -----------------------------------------------------------------------------------------

  private tick(): void {
    this.now = this.live.now();
    setTitle(this.shown.label);
    this.doubtLeg();
  }

  private doubtLeg(): void {
    const denied = this.link === "up" && this.leg === "open" && this.view?.position?.leg === false;
    if (!denied || this.view?.platform?.switch === "down") {
      this.legDoubt = undefined;
    } else if (this.legDoubt === undefined) {
      this.legDoubt = performance.now();
    } else if (performance.now() - this.legDoubt > LEG_DOUBT_MS) {
      this.legDoubt = undefined;
      this.line.reopen();
    }
  }
}
