/** The strip at work: joins the live view, the audio line, the ring and the agent's hands. */

import { flushSync } from "svelte";
import {
  liveUrl,
  pages,
  type RecordingPause,
  recordingPause,
  type Session,
  stripCredentials,
  logOut as tellLogOut,
} from "$ui/api";
import { type LinkStatus, LiveConnection } from "$ui/live-connection";
import type { Measure } from "$ui/quality";
import { passOn } from "$ui/texts";
import { after, every } from "$ui/timers";
import type { Call, Dossier, PauseReason, PositionState, StripView } from "$ui/views";
import { setTitle } from "./attention";
import { rings } from "./bell";
import { mainCall } from "./calls";
import { type Arguments, Commands } from "./commands.svelte";
import { deedOf } from "./deeds";
import {
  type Action,
  actions,
  currentCall,
  face,
  type LegState,
  reasonsToPause,
  type Situation,
  stateShown,
  takesSecours,
} from "./model";
import { Mute } from "./mute.svelte";
import { placed } from "./place";
import { Reach } from "./reach.svelte";
import { Recall, type Replay } from "./recall.svelte";
import { Away, type SoundWish } from "./remote/away.svelte";
import { FarRecall } from "./remote/far-recall.svelte";
import { Ring } from "./ring";
import { Secours } from "./secours.svelte";
import { forgetShift, rememberAlive, rememberStart } from "./shift";
import type { Players } from "./sip-line";
import { SipLines } from "./sip-lines";
import { locked } from "./sound";
import { Voice } from "./voice.svelte";

/** A core away for less than this is not worth a word. */
const LOST_AFTER_MS = 1200;
/** The core says the leg is closed while the page thinks it open: believe the core after this. */
const LEG_DOUBT_MS = 4000;
const TICK_MS = 200;
const ALIVE_EVERY_MS = 10_000;
/** How often a detached window is looked at: is it still there? */
const DETACHED_MS = 300;

/** States in which the core would offer calls; on a call of the fallback that it knows of, it offers none. */
const BETWEEN_CALLS: readonly (PositionState | undefined)[] = [undefined, "ready", "unready", "offered"];

const NO_PAUSE: RecordingPause = { reasons: [], lines: [] };

export class Strip {
  view = $state.raw<StripView>();
  link = $state<LinkStatus>("connecting");
  coreLost = $state(false);
  leg = $state<LegState>("closed");
  registered = $state(false);
  finishedCall = $state<string>();
  /** The call that has just ended. */
  lastCall = $state.raw<Call>();
  now = $state(Date.now());
  offerShownAt = $state(0);

  readonly line: SipLines;
  readonly voice: Voice;
  readonly mute: Mute;
  readonly fallback: Secours;
  readonly commands: Commands;
  readonly away: Away;
  readonly reach: Reach;
  private mayPause = $state.raw<RecordingPause>(NO_PAUSE);
  private readonly recall: Recall;
  private readonly farRecall = new FarRecall({
    view: () => this.view,
    now: () => this.now,
    ask: (name, args) => this.ask(name, args),
  });
  private readonly live: LiveConnection<StripView>;
  private readonly ring = new Ring();

  situation: Situation = $derived.by(() => ({
    view: this.view,
    link: this.link,
    coreLost: this.coreLost,
    leg: this.leg,
    registered: this.registered,
    secours: this.fallback.call,
    secoursPaused: this.fallback.paused,
    secoursSince: this.fallback.since,
    muted: this.mute.muted,
    finishedCall: this.finishedCall,
  }));
  face = $derived(face(this.situation));
  shown = $derived(stateShown(this.situation, this.now));
  allowed = $derived(actions(this.situation));

  private cancels: (() => void)[] = [];
  private lostTimer: (() => void) | undefined;
  private legDoubt: number | undefined;

  constructor(
    readonly session: Session,
    players: Players,
  ) {
    this.live = new LiveConnection(liveUrl("/ws/bandeau"), {
      view: (view) => this.viewChanged(view),
      link: (status) => this.linkChanged(status),
    });
    this.line = new SipLines(stripCredentials, players, {
      leg: (state) => {
        if (!this.away.phoned) this.leg = state;
      },
      registered: (on) => {
        this.registered = on;
      },
      secours: (call) => {
        this.fallback.changed(call, this.live.now());
        this.watchRing();
      },
      takesSecours: () => takesSecours(this.situation),
      soundBlocked: () => {
        this.voice.locked = true;
      },
    });
    const tell = this.live.command.bind(this.live);
    this.commands = new Commands(tell);
    this.away = new Away(this.line, {
      tell,
      leg: (state) => {
        this.leg = state;
      },
      refused: (result) => this.commands.showRefusal(result),
    });
    this.reach = new Reach(session.positionId, () => this.view);
    this.recall = new Recall((callId) => this.line.legOf(callId));
    this.mute = new Mute(this.line, (muted) => tell("set_muted", { muted }));
    this.voice = new Voice(this.line, () => this.line.muteLeg(this.mute.muted));
    this.fallback = new Secours(this.line, this.mute, {
      offers: () => this.link === "up" && BETWEEN_CALLS.includes(this.view?.position?.state),
      pause: (reason) => tell("pause", { reason }),
      ready: () => tell("ready"),
    });
  }

  /** The call whose caller's place is looked at. */
  get placed() {
    return placed(currentCall(this.situation), this.view?.offer, this.noteable);
  }

  /** The call that a note would be about: the one shown, else the last one. */
  get noteable(): Call | undefined {
    return currentCall(this.situation) ?? this.lastCall;
  }

  /** The dossier of the call shown, else of the last one. */
  get dossier(): Dossier | undefined {
    return (currentCall(this.situation) ?? this.lastCall)?.dossier;
  }

  /** Who plays the last words again. */
  get replay(): Replay {
    return this.view?.phone ? this.farRecall : this.recall;
  }

  /** The call of the fallback, if there is one. */
  get secours() {
    return this.fallback.call;
  }

  get muted(): boolean {
    return this.mute.muted;
  }

  /** For what a moment of the call may be left out of its recording now. */
  get reasonsToPause() {
    return reasonsToPause(this.situation, this.mayPause);
  }

  // --- beginning and end --------------------------------------------------------------------------------------

  /** Take the position: live view, microphone, registration and leg, all at the same time. */
  begin(microphone?: MediaStream, sound?: SoundWish, network?: Measure): void {
    rememberStart(this.session.agent.id);
    rememberAlive(this.session.agent.id, Date.now());
    this.live.start();
    void this.askMayPause();
    void this.line.start();
    if (this.away.begin(sound, network)) this.line.openLeg();
    this.voice.start(microphone);
    this.ring.prepare();
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
    this.ring.quiet();
    this.away.stop();
    this.line.close();
    this.live.stop();
    this.link = "connecting";
    this.voice.stop();
    this.recall.follow(undefined);
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
        this.commands.showRefusal(result);
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

  // --- what comes from the core -------------------------------------------------------------------------------

  private viewChanged(view: StripView): void {
    const former = mainCall(this.view);
    this.view = view;
    this.now = this.live.now();
    const call = mainCall(view);
    if (former && !call) this.lastCall = former;
    this.recall.follow(call?.state === "talking" ? call.id : undefined, call?.unrecorded === undefined);
    if (call?.id !== this.finishedCall) this.finishedCall = undefined;
    this.away.follow(view);
    this.followMute();
    this.watchRing();
  }

  /** Where it is not told, nothing may be left out. */
  private async askMayPause(): Promise<void> {
    this.mayPause = await recordingPause().catch(() => NO_PAUSE);
  }

  private followMute(): void {
    if (this.view?.position === undefined) return;
    this.mute.follow(this.view.position.muted, {
      linkUp: this.link === "up",
      onCall: currentCall(this.situation) !== undefined,
      secours: this.secours !== undefined,
    });
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
    this.fallback.begin(this.live.now(), this.view?.position?.state === "paused");
    this.watchRing();
  }

  private coreFound(): void {
    this.coreLost = false;
    this.finishedCall = undefined;
    this.silenceLeg(false);
    this.line.holdLeg(false);
    void this.away.linkUp();
    this.fallback.coreFound();
  }

  private watchRing(): void {
    const began = this.ring.watch(rings(this.situation, this.now), () => {
      this.offerShownAt = this.live.now();
      flushSync();
    });
    if (began) this.voice.locked = locked();
  }

  private silenceLeg(silent: boolean): void {
    this.line.silenceLeg(silent);
    this.line.muteLeg(silent || this.muted);
  }

  // --- what the agent does ------------------------------------------------------------------------------------

  /** Do what a button or a key asks, if it is allowed now. */
  async act(action: Action): Promise<void> {
    // One thing at a time; but the microphone can always be cut.
    const waiting = this.commands.busy !== undefined && action !== "mute";
    if (!this.allowed.includes(action) || waiting) return;
    this.commands.clearError();
    if (this.secours) this.fallback.act(action);
    else if (this.coreLost) this.actAlone(action);
    else await this.actWithCore(action);
  }

  /** A pause needs its reason first; taking back a planned one does not, nor one that only the page knows of. */
  get asksPauseReason(): boolean {
    return !this.coreLost && this.view?.position?.pausePending === undefined;
  }

  /** Ask the core for something that is no button of the strip; what it refuses is shown. */
  async ask(name: string, args: Arguments = {}): Promise<boolean> {
    this.commands.clearError();
    return this.commands.send(name, name, args);
  }

  /** Pass the caller of the fallback on to a number; a refusal is shown. Whether it is done. */
  async passOnSecours(number: string): Promise<boolean> {
    this.commands.clearError();
    const done = await this.fallback.passOn(number);
    return this.commands.showRefusal(
      done ? { ok: true } : { ok: false, code: "refused", message: passOn.refused },
    );
  }

  async pause(reason: PauseReason): Promise<void> {
    await this.commands.send("pause", "pause", { reason });
  }

  private actAlone(action: Action): void {
    if (action === "mute") {
      this.mute.toggleUntold();
      return;
    }
    this.fallback.since = this.live.now();
    if (action === "hang_up") {
      this.finishedCall = mainCall(this.view)?.id;
      this.silenceLeg(true);
      this.line.holdLeg(true);
    } else {
      this.fallback.paused = action === "pause";
    }
  }

  private async actWithCore(action: Action): Promise<void> {
    if (action === "mute") {
      this.commands.showRefusal(await this.mute.toggle());
      this.followMute();
      return;
    }
    const deed = deedOf(action, this.situation);
    if (deed === undefined) return;
    const sent = this.commands.send(action, deed.command, deed.args);
    if (deed.args?.offerId !== undefined) this.ring.silence(String(deed.args.offerId)); // after it is told
    await sent;
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
