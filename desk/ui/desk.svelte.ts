/** The desk at work: the live view, the chosen item, and what the agent asks for. */

import { ApiError, currentSession, liveUrl, pages, type Session } from "$ui/api";
import { backOff } from "$ui/live";
import { type LinkStatus, LiveConnection } from "$ui/live-connection";
import { after, every } from "$ui/timers";
import type { DeskView, ItemOutcome } from "$ui/views";
import { chosenAfter, ordered, rights, type Shown } from "./model";

/** A second press within this time closes the item. */
export const AGAIN_MS = 3000;
const ERROR_SHOWN_MS = 6000;
const TICK_MS = 500;
const NO_RIGHTS = { callBack: false, work: false };

export class Desk {
  view = $state.raw<DeskView>();
  link = $state<LinkStatus>("connecting");
  lostAt = $state<number>();
  session = $state.raw<Session>();
  now = $state(Date.now());
  error = $state<string>();
  busy = $state(false);
  /** The way of closing that was asked for once. */
  armed = $state<ItemOutcome>();
  items = $state.raw<Shown[]>([]);
  chosen = $state<string>();

  readonly item = $derived(this.items.find(({ id }) => id === this.chosen));
  readonly rights = $derived.by(() => {
    if (this.item === undefined || this.session === undefined || this.link !== "up") return NO_RIGHTS;
    const { agent } = this.session;
    return rights(this.item, agent.id, agent.role === "supervisor");
  });

  private readonly live: LiveConnection<DeskView>;
  private cancels: (() => void)[] = [];
  private cancelError = () => {};
  private disarm = () => {};

  constructor() {
    this.live = new LiveConnection<DeskView>(liveUrl("/ws/rappels"), {
      view: (view) => this.viewChanged(view),
      link: (status) => this.linkChanged(status),
    });
  }

  start(): void {
    void this.load(0);
    this.cancels = [
      every(TICK_MS, () => {
        this.now = this.live.now();
      }),
    ];
  }

  stop(): void {
    for (const cancel of [...this.cancels, this.cancelError, this.disarm]) cancel();
    this.live.stop();
  }

  choose(id: string | undefined): void {
    if (id === this.chosen) return;
    this.chosen = id;
    this.armed = undefined;
  }

  callBack(): Promise<boolean> {
    return this.ask("call_back", this.rights.callBack);
  }

  takeOrRelease(): Promise<boolean> {
    const mine = this.item?.owner?.agent === this.session?.agent.id;
    return this.ask(mine ? "release_item" : "take_item", this.rights.work);
  }

  note(text: string): Promise<boolean> {
    return this.ask("note_item", this.link === "up", { text });
  }

  /** Close the item; the first time only asks whether one is sure. */
  async close(outcome: ItemOutcome): Promise<void> {
    if (!this.rights.work) return;
    this.disarm();
    if (this.armed !== outcome) {
      this.armed = outcome;
      this.disarm = after(AGAIN_MS, () => {
        this.armed = undefined;
      });
      return;
    }
    this.armed = undefined;
    await this.ask("close_item", true, { outcome });
  }

  private async load(attempt: number): Promise<void> {
    try {
      this.session = await currentSession();
      if (this.session === undefined) toLogin();
      else this.live.start();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.cancels.push(after(backOff(attempt, Math.random()), () => void this.load(attempt + 1)));
    }
  }

  private viewChanged(view: DeskView): void {
    const items = ordered(view);
    this.choose(chosenAfter(this.items, items, this.chosen));
    this.view = view;
    this.items = items;
    this.now = this.live.now();
  }

  private linkChanged(status: LinkStatus): void {
    this.link = status;
    if (status === "up") this.lostAt = undefined;
    else this.lostAt ??= this.live.now();
    if (status === "logged_out") toLogin();
  }

  private async ask(name: string, may: boolean, args: Record<string, string> = {}): Promise<boolean> {
    if (!may || this.busy || this.chosen === undefined) return false;
    this.busy = true;
    this.error = undefined;
    const result = await this.live.command(name, { itemId: this.chosen, ...args });
    this.busy = false;
    if (!result.ok) this.fail(result.message);
    return result.ok;
  }

  private fail(message: string): void {
    this.error = message;
    this.cancelError();
    this.cancelError = after(ERROR_SHOWN_MS, () => {
      this.error = undefined;
    });
  }
}

function toLogin(): void {
  location.replace(`${pages.login}?vers=rappels`);
}
