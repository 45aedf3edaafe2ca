/** One SIP connection of the page (a WebSocket and its registration), and the audio sessions on it. */

import * as JsSIP from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { IncomingRTCSessionEvent, RTCSessionEvent } from "jssip/lib/UA";
import type { Credentials, IceAccess } from "$ui/api";
import { after } from "$ui/timers";

/** Candidates of the local network come at once; nothing else is waited for. */
const GATHERING_MS = 60;
/** A TURN server has this long to give an address, where there is one. */
const RELAY_MS = 2500;
/** Seconds. The page renews lost connections itself, so JsSIP must not. */
const NEVER = 86_400;
const REGISTER_SECONDS = 120;

function paths(ice: IceAccess): RTCConfiguration {
  return { iceServers: ice.servers, iceTransportPolicy: ice.policy, bundlePolicy: "max-bundle" };
}

export interface AgentHandlers {
  connected(): void;
  /** The WebSocket could not be opened, or was closed. */
  disconnected(): void;
  registered(on: boolean): void;
  /** The server refused the account: the password has been rotated, or the account is gone. */
  refused(): void;
  incoming(session: RTCSession, number: string | undefined): void;
}

export interface SessionHandlers {
  /** Sound from the other end. */
  sound(stream: MediaStream): void;
  open(): void;
  /** Over, whether it was ever open or not. Said once. */
  ended(): void;
  /** ICE says that the path is broken. */
  broken(): void;
}

function socketUrl(credentials: Credentials): string {
  const secure = location.protocol === "https:";
  const port = secure ? credentials.wssPort : credentials.wsPort;
  return `${secure ? "wss" : "ws"}://${location.hostname}:${port}/ws`;
}

export class SipAgent {
  private readonly ua: JsSIP.UA;
  private readonly domain: string;
  /** The ways for sound, renewed while the connection lasts. */
  ice: IceAccess;
  private stopped = false;

  constructor(credentials: Credentials, handlers: AgentHandlers) {
    this.domain = credentials.domain;
    this.ice = credentials.ice;
    this.ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(socketUrl(credentials))],
      uri: `sip:${credentials.username}@${credentials.domain}`,
      password: credentials.password,
      session_timers: false,
      register_expires: REGISTER_SECONDS,
      connection_recovery_min_interval: NEVER,
      connection_recovery_max_interval: NEVER,
      user_agent: "Bandeau15",
    });
    const live = (action: () => void) => () => {
      if (!this.stopped) action();
    };
    this.ua.on("connected", live(handlers.connected));
    this.ua.on("disconnected", live(handlers.disconnected));
    this.ua.on(
      "registered",
      live(() => handlers.registered(true)),
    );
    this.ua.on(
      "unregistered",
      live(() => handlers.registered(false)),
    );
    this.ua.on("registrationFailed", ({ response }) => {
      live(() => {
        handlers.registered(false);
        if (response) handlers.refused();
      })();
    });
    this.ua.on("newRTCSession", (event: RTCSessionEvent) => {
      if (event.originator !== "remote") return;
      if (this.stopped) event.session.terminate({ status_code: 480 });
      else handlers.incoming(event.session, callerOf(event as IncomingRTCSessionEvent));
    });
  }

  start(): void {
    this.ua.start();
  }

  /** Prove itself with another password from now on. */
  adopt(password: string): void {
    this.ua.set("password", password);
  }

  /** End every session, unregister, close. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.ua.stop();
  }

  connected(): boolean {
    return this.ua.isConnected();
  }

  /** Call a service of the centre (`leg`, `echo`), sending `stream`. */
  call(target: string, stream: MediaStream, handlers: SessionHandlers): RTCSession {
    const tied = new Tied(handlers, this.ice.servers.length > 0);
    return this.ua.call(`sip:${target}@${this.domain}`, {
      mediaConstraints: { audio: true, video: false },
      mediaStream: stream,
      pcConfig: paths(this.ice),
      eventHandlers: {
        peerconnection: ({ peerconnection }) => tied.watch(peerconnection),
        icecandidate: ({ candidate, ready }) => tied.gathered(candidate, ready),
        confirmed: () => handlers.open(),
        ended: () => tied.ended(),
        failed: () => tied.ended(),
      },
    });
  }

  /** Call what never picks up, and give its answer: a SIP status; 0 where none comes. */
  ask(target: string, stream: MediaStream): Promise<number> {
    const tied = new Tied(SILENT, this.ice.servers.length > 0);
    return new Promise((resolve) => {
      this.ua.call(`sip:${target}@${this.domain}`, {
        mediaConstraints: { audio: true, video: false },
        mediaStream: stream,
        pcConfig: paths(this.ice),
        eventHandlers: {
          icecandidate: ({ candidate, ready }) => tied.gathered(candidate, ready),
          ended: () => resolve(0),
          failed: ({ message }) => {
            tied.ended();
            resolve(message && "status_code" in message ? message.status_code : 0);
          },
        },
      });
    });
  }
}

const SILENT: SessionHandlers = { sound() {}, open() {}, ended() {}, broken() {} };

/** Answer a call that came in, sending `stream`. */
export function answer(
  session: RTCSession,
  ice: IceAccess,
  stream: MediaStream,
  handlers: SessionHandlers,
): void {
  const tied = new Tied(handlers, ice.servers.length > 0);
  session.on("peerconnection", ({ peerconnection }) => tied.watch(peerconnection));
  session.on("icecandidate", ({ candidate, ready }) => tied.gathered(candidate, ready));
  session.on("confirmed", () => handlers.open());
  session.answer({
    mediaConstraints: { audio: true, video: false },
    mediaStream: stream,
    pcConfig: paths(ice),
  });
}

/** End a session in whatever state it is; one that is already over is no error. */
export function end(session: RTCSession | undefined, status?: number): void {
  if (session === undefined || session.isEnded()) return;
  session.terminate(status === undefined ? {} : { status_code: status });
}

/** Send another microphone in a session. */
export function sendTrack(session: RTCSession | undefined, track: MediaStreamTrack): void {
  for (const sender of session?.connection?.getSenders() ?? []) {
    if (sender.track?.kind === "audio") void sender.replaceTrack(track);
  }
}

function callerOf(event: IncomingRTCSessionEvent): string | undefined {
  const user = event.request.from.uri.user;
  return user && /^\+?\d+$/.test(user) ? user : undefined;
}

/** Ties one session's peer connection to its handlers. */
class Tied {
  private over = false;
  private waiting = () => {};
  private gathering = false;
  private relayed = false;

  constructor(
    private readonly handlers: SessionHandlers,
    private readonly relays: boolean,
  ) {}

  watch(connection: RTCPeerConnection): void {
    connection.addEventListener("track", ({ track, streams }) => {
      this.handlers.sound(streams[0] ?? new MediaStream([track]));
    });
    connection.addEventListener("iceconnectionstatechange", () => {
      const state = connection.iceConnectionState;
      if (!this.over && (state === "disconnected" || state === "failed")) this.handlers.broken();
    });
  }

  /** Goes on shortly after the first candidate, or, where there are relays, after the first relayed one. */
  gathered(candidate: RTCIceCandidate, ready: () => void): void {
    const relayed = candidate.type === "relay";
    if (this.gathering && (this.relayed || !relayed)) return;
    this.gathering = true;
    this.relayed = relayed;
    this.waiting();
    this.waiting = after(this.relays && !relayed ? RELAY_MS : GATHERING_MS, () => {
      if (!this.over) ready();
    });
  }

  ended(): void {
    if (this.over) return;
    this.over = true;
    this.handlers.ended();
  }
}
