/**
 * The telephone of the strip on every Asterisk of the centre: a line each, one account for all, one pair of ears.
 *
 * A call is on one of them, and is heard by the leg kept there: the core knows which. Here they are all open alike.
 */

import type { Credentials } from "$ui/api";
import type { LegState } from "./model";
import type { SipAgent } from "./sip-agent";
import { type LineHandlers, type Players, SipLine } from "./sip-line";

/** What the strip can count on, of all lines: the first of these that one of them has. */
const BEST: readonly LegState[] = ["open", "no_microphone", "opening", "closed"];

/** What one line has said. */
interface Said {
  leg: LegState;
  registered: boolean;
  /** The password it was last given: it asks again only when that was refused. */
  password: string | undefined;
}

export class SipLines {
  private readonly lines: SipLine[] = [];
  private readonly said: Said[] = [];
  private readonly players: Players[] = [];
  private account: Promise<Credentials> | undefined;
  private credentials: Credentials | undefined;
  /** The line with the call of the fallback, if there is one. */
  private talking: number | undefined;
  private started = false;
  private wanted = false;
  private microphone: MediaStream | undefined;
  private microphoneKnown = false;
  private legMuted = false;
  private legSilent = false;

  constructor(
    private readonly fetch: () => Promise<Credentials>,
    players: Players,
    private readonly handlers: LineHandlers,
  ) {
    this.add(players);
  }

  private add(players: Players): void {
    const place = this.lines.length;
    this.players.push(players);
    this.said.push({ leg: "closed", registered: false, password: undefined });
    this.lines.push(
      new SipLine(() => this.accountOf(place), players, {
        ...this.handlers,
        leg: (leg) => this.note(place, { leg }),
        registered: (registered) => this.note(place, { registered }),
        secours: (call) => {
          if (call) this.talking = place;
          else if (this.talking !== place) return;
          else this.talking = undefined;
          this.handlers.secours(call);
        },
        takesSecours: () => this.talking === undefined && this.handlers.takesSecours(),
      }),
    );
  }

  private note(place: number, change: Partial<Said>): void {
    Object.assign(this.saidOf(place), change);
    if (change.leg) {
      this.handlers.leg(BEST.find((state) => this.said.some(({ leg }) => leg === state)) ?? "closed");
    } else {
      this.handlers.registered(this.said.some(({ registered }) => registered));
    }
  }

  private saidOf(place: number): Said {
    return this.said[place] as Said;
  }

  // --- the account ------------------------------------------------------------------------------------------

  /** The account for one line; a fresh one, for all, where the one it has was refused. */
  private async accountOf(place: number): Promise<Credentials> {
    const refused = this.saidOf(place).password;
    if (this.account === undefined || (refused !== undefined && this.credentials?.password === refused)) {
      this.credentials = undefined;
      this.account = this.renewed();
    }
    const account = await this.account;
    this.saidOf(place).password = account.password;
    const server = place === 0 ? account : (account.further?.[place - 1] ?? account);
    return { ...account, wsPort: server.wsPort, wssPort: server.wssPort };
  }

  private async renewed(): Promise<Credentials> {
    try {
      const account = await this.fetch();
      this.credentials = account;
      for (const [place, line] of this.lines.entries()) {
        line.adopt(account.password);
        if (this.saidOf(place).password !== undefined) this.saidOf(place).password = account.password;
      }
      for (let count = this.lines.length; count <= (account.further?.length ?? 0); count++) this.grow();
      return account;
    } catch (error) {
      this.account = undefined;
      throw error;
    }
  }

  /** There is one Asterisk more than was known. */
  private grow(): void {
    const place = this.lines.length;
    const sink = this.players[0]?.leg.sinkId;
    this.add({ leg: player("leg", place, sink), secours: player("secours", place, sink) });
    const line = this.lines[place];
    if (line === undefined) return;
    this.silenceLeg(this.legSilent);
    if (this.microphoneKnown) line.setMicrophone(this.microphone);
    line.muteLeg(this.legMuted);
    if (this.started) void line.start();
    if (this.wanted) line.openLeg();
  }

  // --- the connections --------------------------------------------------------------------------------------

  /** Register everywhere, and stay registered until {@link close}. */
  async start(): Promise<void> {
    this.started = true;
    await Promise.all(this.lines.map((line) => line.start()));
  }

  /** Leave: every session ends. */
  close(): void {
    this.started = this.wanted = false;
    this.microphone = undefined;
    this.microphoneKnown = false;
    for (const line of this.lines) line.close();
  }

  get target(): Credentials | undefined {
    return this.lines.find((line) => line.target)?.target;
  }

  /** A connection of now, for a call to a service; undefined while there is none. */
  get connection(): SipAgent | undefined {
    return this.lines.find((line) => line.connection)?.connection;
  }

  // --- the kept legs ----------------------------------------------------------------------------------------

  openLeg(): void {
    this.wanted = true;
    for (const line of this.lines) line.openLeg();
  }

  closeLeg(): void {
    this.wanted = false;
    for (const line of this.lines) line.closeLeg();
  }

  /** An open leg's connection, for who measures it. */
  get legConnection(): RTCPeerConnection | undefined {
    return this.lines.find((line) => line.legConnection)?.legConnection;
  }

  /** Open the legs afresh: the core says that it has none. */
  reopen(): void {
    for (const line of this.lines) line.reopen();
  }

  setMicrophone(stream: MediaStream | undefined): void {
    this.microphone = stream;
    this.microphoneKnown = true;
    for (const line of this.lines) line.setMicrophone(stream);
  }

  muteLeg(muted: boolean): void {
    this.legMuted = muted;
    for (const line of this.lines) line.muteLeg(muted);
  }

  /** See {@link SipLine.holdLeg}: of all legs. */
  holdLeg(on: boolean): void {
    for (const line of this.lines) line.holdLeg(on);
  }

  /** Hear nothing of the kept legs. */
  silenceLeg(silent: boolean): void {
    this.legSilent = silent;
    for (const { leg } of this.players) leg.muted = silent;
  }

  /** Where sound comes out: of all lines. */
  get outputs(): HTMLAudioElement[] {
    return this.players.flatMap(({ leg, secours }) => [leg, secours]);
  }

  /** The leg's player on the Asterisk that a call is on, by how its id begins; of one that tells none, the first. */
  legOf(callId: string): HTMLAudioElement | undefined {
    const found = this.credentials?.further?.findIndex(({ calls }) => callId.startsWith(calls)) ?? -1;
    return this.players[found + 1]?.leg;
  }

  // --- calls of the fallback --------------------------------------------------------------------------------

  muteSecours(muted: boolean): void {
    for (const line of this.lines) line.muteSecours(muted);
  }

  answerSecours(): void {
    this.withCall?.answerSecours();
  }

  endSecours(): void {
    this.withCall?.endSecours();
  }

  /** See {@link SipLine.holdSecours}. */
  holdSecours(on: boolean): void {
    this.withCall?.holdSecours(on);
  }

  /** See {@link SipLine.passOnSecours}. */
  async passOnSecours(number: string): Promise<boolean> {
    return (await this.withCall?.passOnSecours(number)) ?? false;
  }

  private get withCall(): SipLine | undefined {
    return this.lines[this.talking ?? 0];
  }
}

/** A player beside those of the page. */
function player(kind: string, place: number, sink: string | undefined): HTMLAudioElement {
  const element = document.createElement("audio");
  element.autoplay = true;
  element.dataset.testid = `${kind}-audio-${place + 1}`;
  if (sink && "setSinkId" in element) void element.setSinkId(sink).catch(() => undefined);
  document.body.append(element);
  return element;
}
