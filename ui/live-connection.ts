/** Keeps a live view up to date over a WebSocket: reconnects, resumes, notices silence, sends commands. */

import {
  type ByeReason,
  backOff,
  type ClientFrame,
  type ClockSync,
  decode,
  hello,
  type Json,
  type LiveState,
  reduce,
  type ServerFrame,
  serverTime,
  syncClock,
} from "./live";
import { errors } from "./texts";
import { after, every } from "./timers";

/**
 * `connecting`: not up yet, for the first time · `up` · `down`: lost, coming back by itself · `replaced`,
 * `logged_out`: closed for good by the server.
 */
export type LinkStatus = "connecting" | "up" | "down" | "replaced" | "logged_out";

export type CommandResult = { ok: true } | { ok: false; code: string; message: string };

export interface LiveListener<V> {
  /** The view changed. `event` is what caused it, absent for a snapshot. */
  view(view: V, event?: string): void;
  /** The link changed. */
  link(status: LinkStatus, bye?: ByeReason): void;
}

const PING_EVERY = 2000;
const SILENCE = 6000;
const REPLY_WITHIN = 4000;
/** Close codes of the server after which coming back is useless. */
const FINAL: Record<number, LinkStatus> = { 4000: "replaced", 4001: "logged_out", 4401: "logged_out" };

interface Pending {
  resolve(result: CommandResult): void;
  cancel(): void;
}

export class LiveConnection<V> {
  private state: LiveState<V> = {};
  private socket: WebSocket | undefined;
  private attempt = 0;
  private cancels: (() => void)[] = [];
  private heardAt = 0;
  private pingedAt = 0;
  private clock: ClockSync | undefined;
  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private status: LinkStatus = "connecting";
  private bye: ByeReason | undefined;

  constructor(
    private readonly url: string,
    private readonly listener: LiveListener<V>,
  ) {}

  /** Connect, also to take back a place lost to another window. */
  start(): void {
    this.stop();
    this.setStatus("connecting");
    this.open();
  }

  /** Close, and stay closed. */
  stop(): void {
    this.status = "connecting";
    this.clearTimers();
    const socket = this.socket;
    this.socket = undefined;
    socket?.close(1000);
    this.failPending();
  }

  /** The server's time in ms since 1970; the machine's own until it is known. */
  now(): number {
    return this.clock ? serverTime(this.clock, performance.now()) : Date.now();
  }

  /** Ask the server for something. Always resolves; a refusal has a text to show. */
  command(name: string, args: Record<string, Json> = {}): Promise<CommandResult> {
    if (this.status !== "up") {
      return Promise.resolve({ ok: false, code: "disconnected", message: errors.disconnected });
    }
    const id = this.nextId++;
    return new Promise((resolve) => {
      const late = () => this.settle(id, { ok: false, code: "timeout", message: errors.timeout });
      this.pending.set(id, { resolve, cancel: after(REPLY_WITHIN, late) });
      this.send({ type: "command", id, name, args });
    });
  }

  private open(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.bye = undefined;
    this.heardAt = performance.now();
    const mine = (action: () => void) => () => {
      if (this.socket === socket) action();
    };
    socket.onopen = mine(() => this.send(hello(this.state)));
    socket.onmessage = ({ data }) => mine(() => this.receive(String(data)))();
    socket.onclose = ({ code }) => mine(() => this.lost(FINAL[code]))();
    this.cancels = [
      every(
        PING_EVERY,
        mine(() => this.beat()),
      ),
    ];
  }

  private beat(): void {
    if (performance.now() - this.heardAt > SILENCE) {
      this.lost();
    } else if (this.socket?.readyState === WebSocket.OPEN) {
      this.pingedAt = performance.now();
      this.send({ type: "ping" });
    }
  }

  private receive(text: string): void {
    this.heardAt = performance.now();
    const frame = decode(text);
    if (frame === undefined) return;
    this.readClock(frame);
    const before = this.state;
    this.state = reduce(before, frame);
    switch (frame.type) {
      case "snapshot":
      case "resumed":
        this.attempt = 0;
        this.setStatus("up");
        break;
      case "reply":
        this.settle(frame.id, frame);
        break;
      case "bye":
        this.bye = frame.reason;
        if (frame.reason !== "restarting") this.lost(frame.reason);
        break;
    }
    if (this.state !== before && this.state.view !== undefined) {
      this.listener.view(this.state.view, frame.type === "change" ? frame.event : undefined);
    }
  }

  private readClock(frame: ServerFrame): void {
    if (!("now" in frame)) return;
    const local = performance.now();
    const roundTrip = frame.type === "pong" ? local - this.pingedAt : 0;
    this.clock = syncClock(this.clock, frame.now, local, roundTrip);
  }

  private lost(final?: LinkStatus): void {
    const bye = this.bye;
    this.stop();
    if (final !== undefined) {
      this.state = {};
      this.setStatus(final);
      return;
    }
    this.setStatus("down", bye);
    const wait = backOff(this.attempt, Math.random());
    this.attempt += 1;
    this.cancels = [after(wait, () => this.open())];
  }

  private send(frame: ClientFrame): void {
    this.socket?.send(JSON.stringify(frame));
  }

  private settle(id: number, result: CommandResult): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    this.pending.delete(id);
    pending.cancel();
    pending.resolve(result);
  }

  private failPending(): void {
    for (const id of [...this.pending.keys()]) {
      this.settle(id, { ok: false, code: "disconnected", message: errors.disconnected });
    }
  }

  private clearTimers(): void {
    for (const cancel of this.cancels) cancel();
    this.cancels = [];
  }

  private setStatus(status: LinkStatus, bye?: ByeReason): void {
    this.status = status;
    this.listener.link(status, bye);
  }
}
