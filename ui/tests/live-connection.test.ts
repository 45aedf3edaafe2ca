import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type LinkStatus, LiveConnection } from "../live-connection";

interface View {
  n: number;
}

class FakeSocket {
  static OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: { type: string; id?: number; epoch?: string; seq?: number }[] = [];
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: { code: number }) => void;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const NOW = "2026-11-22T10:00:00.000Z";
const snapshot = (n: number, seq = 7) => ({ type: "snapshot", epoch: "e", seq, now: NOW, view: { n } });
const last = () => FakeSocket.all.at(-1) as FakeSocket;

let views: View[];
let links: LinkStatus[];
let live: LiveConnection<View>;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.all = [];
  views = [];
  links = [];
  live = new LiveConnection<View>("ws://centre/ws", {
    view: (view) => views.push(view),
    link: (status) => links.push(status),
  });
});

afterEach(() => {
  live.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function connect(): FakeSocket {
  live.start();
  last().accept();
  last().say(snapshot(1));
  return last();
}

describe("a live connection", () => {
  it("says hello, then gives the view and its changes", () => {
    const socket = connect();
    socket.say({ type: "change", seq: 9, event: "X", patch: { n: 2 } });
    expect(socket.sent[0]).toEqual({ type: "hello" });
    expect(views).toEqual([{ n: 1 }, { n: 2 }]);
    expect(links).toEqual(["connecting", "up"]);
  });

  it("comes back by itself and resumes from what it saw", () => {
    const socket = connect();
    socket.say({ type: "change", seq: 9, event: "X", patch: { n: 2 } });
    socket.drop();
    expect(links.at(-1)).toBe("down");
    vi.advanceTimersByTime(250);
    expect(FakeSocket.all).toHaveLength(2);
    last().accept();
    expect(last().sent[0]).toEqual({ type: "hello", epoch: "e", seq: 9 });
    last().say({ type: "resumed", seq: 9, now: NOW });
    expect(links.at(-1)).toBe("up");
    expect(views).toHaveLength(2);
  });

  it("pings every two seconds and takes six seconds of silence for a loss", () => {
    const socket = connect();
    vi.advanceTimersByTime(2000);
    expect(socket.sent.filter((frame) => frame.type === "ping")).toHaveLength(1);
    socket.say({ type: "pong", now: NOW });
    vi.advanceTimersByTime(6000);
    expect(links.at(-1)).toBe("up");
    vi.advanceTimersByTime(2000);
    expect(links.at(-1)).toBe("down");
  });

  it("hears nothing more from a socket it left", () => {
    const socket = connect();
    socket.drop();
    socket.say({ type: "change", seq: 10, event: "X", patch: { n: 5 } });
    expect(views).toEqual([{ n: 1 }]);
  });

  it.each([
    [4000, "replaced"],
    [4001, "logged_out"],
    [4401, "logged_out"],
  ])("does not come back after close code %i (%s)", (code, status) => {
    connect().drop(code);
    vi.advanceTimersByTime(60_000);
    expect(links.at(-1)).toBe(status);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("starts from nothing when it takes its place back", () => {
    connect().say({ type: "bye", reason: "replaced" });
    expect(links.at(-1)).toBe("replaced");
    live.start();
    last().accept();
    expect(last().sent[0]).toEqual({ type: "hello" });
  });

  it("comes back after a restart of the server", () => {
    const socket = connect();
    socket.say({ type: "bye", reason: "restarting" });
    socket.drop(1012);
    vi.advanceTimersByTime(250);
    expect(FakeSocket.all).toHaveLength(2);
  });
});

describe("a command", () => {
  it("gets its own reply", async () => {
    const socket = connect();
    const first = live.command("hold");
    const second = live.command("ready");
    const [a, b] = socket.sent.slice(1).map((frame) => frame.id);
    socket.say({ type: "reply", id: b, ok: true });
    socket.say({ type: "reply", id: a, ok: false, code: "no_call", message: "Aucun appel." });
    expect(await second).toMatchObject({ ok: true });
    expect(await first).toMatchObject({ ok: false, code: "no_call", message: "Aucun appel." });
  });

  it("is refused at once without a link", async () => {
    expect(await live.command("hold")).toMatchObject({ ok: false, code: "disconnected" });
  });

  it("fails when the link is lost, or nothing comes", async () => {
    const socket = connect();
    const lost = live.command("hold");
    socket.drop();
    expect(await lost).toMatchObject({ ok: false, code: "disconnected" });
    vi.advanceTimersByTime(250);
    last().accept();
    last().say(snapshot(1));
    const late = live.command("hold");
    vi.advanceTimersByTime(4000);
    expect(await late).toMatchObject({ ok: false, code: "timeout" });
  });
});
