/** The page at work: who is at it, what was found, what is open, and what is asked for. */

import { pages } from "$ui/api";
import { backOff } from "$ui/live";
import { recordings as texts } from "$ui/texts";
import { after } from "$ui/timers";
import { archive, Refusal } from "./api";
import { Player } from "./player.svelte";
import { lastDays, NO_QUESTION, type Question } from "./question";
import { following, type Sight, whole, zoomed } from "./timeline";
import type { ArchiveSession, Choices, ExportForm, ExportTracks, Opened, Recording } from "./types";

export type View = "search" | "exports" | "holds" | "erasures" | "grants";

const ERROR_SHOWN_MS = 6000;
const NOT_SEALED_LOOK_MS = 1500;
/** Going down the list fast opens nothing on the way. */
const REST_MS = 120;

export class Archive {
  session = $state.raw<ArchiveSession>();
  reached = $state(true);
  view = $state<View>("search");
  choices = $state.raw<Choices>({ lines: [], agents: [], auditors: [] });
  question = $state<Question>({ ...NO_QUESTION });
  rows = $state.raw<Recording[]>([]);
  next = $state<string>();
  searching = $state(false);
  searched = $state(false);
  chosen = $state<string>();
  opened = $state.raw<Opened>();
  peaks = $state.raw<Uint8Array>();
  sight = $state.raw<Sight>(whole(0));
  asking = $state(false);
  /** What was last said of why one listens: said again with one key. */
  reason = $state("");
  notice = $state<{ text: string; bad: boolean }>();
  now = $state(Date.now());

  readonly player = new Player();
  readonly rights = $derived(this.session?.rights);

  private cancelNotice = () => {};
  private cancelLook = () => {};
  private cancelOpen = () => {};
  private round = 0;
  /** Where listening is to begin once it is known why. */
  private startAt: number | undefined;

  async start(attempt = 0): Promise<void> {
    try {
      this.session = await archive.session();
      this.reached = true;
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      if (problem.status === 401) return toLogin();
      this.reached = false;
      after(backOff(attempt, Math.random()), () => void this.start(attempt + 1));
      return;
    }
    const asked = new URLSearchParams(location.search);
    this.question = { ...NO_QUESTION, typed: asked.get("q") ?? "" };
    this.choices = await archive.choices().catch(() => this.choices);
    const id = asked.get("id");
    if (id) await this.open(id);
    await this.search();
  }

  stop(): void {
    for (const cancel of [this.cancelNotice, this.cancelLook, this.cancelOpen]) cancel();
    this.player.end();
  }

  // --- looking for recordings ---------------------------------------------------------------------------

  async search(): Promise<void> {
    this.round += 1;
    const round = this.round;
    this.searching = true;
    const found = await this.attempt(archive.search(this.question));
    if (round !== this.round) return; // asked otherwise meanwhile
    this.searching = false;
    if (found === undefined) return;
    this.now = Date.now();
    this.rows = found.rows;
    this.next = found.next;
    this.searched = true;
  }

  async more(): Promise<void> {
    if (this.next === undefined || this.searching) return;
    const round = this.round;
    this.searching = true;
    const found = await this.attempt(archive.search(this.question, this.next));
    if (round !== this.round) return;
    this.searching = false;
    if (found === undefined) return;
    this.rows = [...this.rows, ...found.rows];
    this.next = found.next;
  }

  period(days: number): void {
    Object.assign(this.question, lastDays(days, Date.now()));
    void this.search();
  }

  clear(): void {
    this.question = { ...NO_QUESTION };
    void this.search();
  }

  choose(id: string | undefined): void {
    if (id === undefined || id === this.chosen) return;
    this.chosen = id;
    this.cancelOpen();
    this.cancelOpen = after(REST_MS, () => void this.open(id));
  }

  moveChoice(step: number): void {
    const at = this.rows.findIndex(({ id }) => id === this.chosen);
    const to = at < 0 ? 0 : Math.min(this.rows.length - 1, Math.max(0, at + step));
    this.choose(this.rows[to]?.id);
    if (to >= this.rows.length - 5) void this.more();
  }

  // --- one recording ------------------------------------------------------------------------------------

  async open(id: string): Promise<void> {
    this.cancelOpen();
    this.cancelLook();
    this.chosen = id;
    const opened = await this.attempt(archive.open(id));
    if (opened === undefined || this.chosen !== id) return;
    this.asking = false;
    this.startAt = undefined;
    this.peaks = undefined;
    this.player.open(opened.seconds);
    this.sight = whole(opened.seconds);
    this.take(opened);
  }

  /** What is known of it by now, without disturbing the sound. */
  async refresh(): Promise<void> {
    const id = this.opened?.id;
    if (id === undefined) return;
    const opened = await this.attempt(archive.open(id));
    if (opened !== undefined && this.opened?.id === id) this.take(opened);
  }

  private take(opened: Opened): void {
    const before = this.opened;
    this.opened = opened;
    if (this.player.length !== opened.seconds) {
      this.player.length = opened.seconds;
      this.sight = whole(opened.seconds);
    }
    this.rows = this.rows.map((row) => (row.id === opened.id ? { ...row, ...opened } : row));
    if (opened.state === "sealed" && (this.peaks === undefined || before?.id !== opened.id))
      void this.draw(opened.id);
    if (opened.state === "recording" || opened.state === "recorded")
      this.cancelLook = after(NOT_SEALED_LOOK_MS, () => void this.refresh());
  }

  private async draw(id: string): Promise<void> {
    const peaks = await this.attempt(archive.peaks(id));
    if (peaks !== undefined && this.opened?.id === id) this.peaks = peaks;
  }

  // --- listening ----------------------------------------------------------------------------------------

  /** Play or stop; the first time, ask why. */
  play(from?: number): void {
    if (this.player.ready) {
      if (from !== undefined) this.player.seek(from);
      if (from === undefined) this.player.toggle();
      else void this.player.play();
      return;
    }
    if (!this.opened?.allowed.listen) {
      if (this.opened?.allowed.why) this.say(this.opened.allowed.why, true);
      return;
    }
    this.startAt = from;
    this.asking = true;
  }

  async listen(reason: string): Promise<void> {
    const id = this.opened?.id;
    if (id === undefined) return;
    const ticket = await this.attempt(archive.listen(id, reason));
    if (ticket === undefined || this.opened?.id !== id) return;
    this.asking = false;
    this.reason = reason;
    if (this.startAt !== undefined) this.player.seek(this.startAt);
    this.player.load(archive.audio(ticket.ticket));
    void this.refresh();
  }

  seek(to: number): void {
    this.player.seek(to);
    this.follow();
  }

  follow(): void {
    this.sight = following(this.sight, this.player.length, this.player.at);
  }

  zoom(factor: number, around = this.player.at): void {
    this.sight = zoomed(this.sight, this.player.length, factor, around);
  }

  fit(): void {
    this.sight = whole(this.player.length);
  }

  // --- what is kept with it -----------------------------------------------------------------------------

  async mark(at: number, text: string): Promise<boolean> {
    return this.change((id) => archive.mark(id, at, text));
  }

  async unmark(marker: string): Promise<boolean> {
    return this.change((id) => archive.unmark(id, marker));
  }

  async hold(reason: string): Promise<boolean> {
    return this.change((id) => archive.hold(id, reason));
  }

  async lift(hold: string, reason: string): Promise<boolean> {
    return this.change(() => archive.lift(hold, reason));
  }

  async askExport(asked: {
    begins: number;
    ends: number;
    form: ExportForm;
    tracks: ExportTracks;
    reason: string;
  }): Promise<boolean> {
    const done = await this.change((id) => archive.askExport(id, asked));
    if (done) this.say(texts.exports.sent, false);
    return done;
  }

  private async change(act: (id: string) => Promise<unknown>): Promise<boolean> {
    const id = this.opened?.id;
    if (id === undefined) return false;
    const done = await this.attempt(act(id).then(() => true));
    if (done) await this.refresh();
    return done === true;
  }

  // --- what goes wrong ----------------------------------------------------------------------------------

  /** What was asked for; undefined where it was refused, which is shown. */
  async attempt<T>(asked: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await asked;
      this.reached = true;
      return answer;
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      if (problem.status === 401) toLogin();
      this.reached = problem.status !== 0;
      this.say(problem.message, true);
      return undefined;
    }
  }

  say(text: string, bad: boolean): void {
    this.notice = { text, bad };
    this.cancelNotice();
    this.cancelNotice = after(ERROR_SHOWN_MS, () => {
      this.notice = undefined;
    });
  }
}

/** Who one is, is said at the core's pages: the archive knows the session by the same cookie. */
export async function toLogin(): Promise<void> {
  const core = await fetch("/api/core", { cache: "no-store" })
    .then((answer) => answer.json())
    .catch(() => undefined);
  if (core === undefined) return;
  const port = location.protocol === "https:" ? core.https : core.http;
  location.replace(`${location.protocol}//${location.hostname}:${port}${pages.login}?vers=enregistrements`);
}
