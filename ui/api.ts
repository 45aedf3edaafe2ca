/** The few HTTP requests of the pages. */

import type { Agent, PositionState, RecentCall, Role, WhyUnrecorded } from "./views";

export interface Session {
  agent: Agent;
  positionId: string;
  /** Somebody is in a call with the agent, whatever became of the page that they had. */
  onCall: boolean;
  /** The strip and the room's pages are for them; else, the recordings alone. */
  atWork: boolean;
  archive: ArchivePorts | null;
}

/** Where the archive serves its pages, on the host of every other page. */
export interface ArchivePorts {
  httpPort: number;
  httpsPort: number;
}

/** For what this agent may have a moment of which calls left out of the recording; no lines: of all. */
export interface RecordingPause {
  reasons: WhyUnrecorded[];
  lines: string[];
}

export async function recordingPause(): Promise<RecordingPause> {
  return (await request("GET", "/api/recording/pause")).json();
}

/** By which ways sound may go; good for `seconds`. */
export interface IceAccess {
  servers: RTCIceServer[];
  policy: RTCIceTransportPolicy;
  seconds: number;
}

export type PhoneMode = "kept" | "per_call";

/** Which telephones may carry the position's sound; `number`: the one set by the centre, or "". */
export interface PhoneChoice {
  allowed: boolean;
  modes: PhoneMode[];
  number: string;
}

export interface Credentials {
  username: string;
  password: string;
  domain: string;
  wsPort: number;
  wssPort: number;
  /** The centre's further Asterisks; `calls`: how the ids of the calls on each begin. */
  further?: { wsPort: number; wssPort: number; calls: string }[];
  legTarget: string;
  echoTarget: string;
  ice: IceAccess;
}

/** An answer that is not a success; `status` 0: no answer at all. */
export class ApiError extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

async function request(method: "GET" | "POST", path: string, body?: object): Promise<Response> {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(path, init).catch(() => {
    throw new ApiError(0);
  });
  if (!response.ok) throw new ApiError(response.status);
  return response;
}

/** What an address of ours says, as JSON. */
export async function get<T>(path: string): Promise<T> {
  return (await request("GET", path)).json();
}

/** What an address of ours says, as text. */
export async function text(path: string): Promise<string> {
  return (await request("GET", path)).text();
}

/** Send something to an address of ours; what it answers, where it answers something. */
export async function post<T>(path: string, body: object): Promise<T> {
  const response = await request("POST", path, body);
  return response.status === 204 ? (undefined as T) : response.json();
}

export async function logIn(login: string, password: string): Promise<Session> {
  return (await request("POST", "/api/login", { login, password })).json();
}

export async function logOut(): Promise<void> {
  await request("POST", "/api/logout");
}

/** Who is logged in; undefined when nobody is. */
export async function currentSession(): Promise<Session | undefined> {
  try {
    return await (await request("GET", "/api/session")).json();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return undefined;
    throw error;
  }
}

/** A fresh SIP account for this strip; the password of an earlier one stops working. */
export async function stripCredentials(): Promise<Credentials> {
  return (await request("POST", "/api/strip/credentials")).json();
}

/** An agent at a position, as colleagues may reach them. `callId`: the call they are in or are offered. */
export interface Reachable {
  position: string;
  name: string;
  role: Role;
  state: PositionState;
  callId?: string;
}

export async function reachable(): Promise<Reachable[]> {
  return (await request("GET", "/api/strip/colleagues")).json();
}

/** The logged-in agent's last calls, the latest first; undefined: they could not be read. */
export async function recentCalls(): Promise<RecentCall[] | undefined> {
  try {
    return await (await request("GET", "/api/history/recent")).json();
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** Write a note on a call one is or was in; whether it was taken. */
export async function noteOnCall(callId: string, text: string): Promise<boolean> {
  try {
    await request("POST", `/api/history/calls/${encodeURIComponent(callId)}/notes`, { text });
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

/** Fresh ways for sound, before the former ones end. */
export async function iceAccess(): Promise<IceAccess> {
  return (await request("GET", "/api/strip/ice")).json();
}

export async function phoneChoice(): Promise<PhoneChoice> {
  return (await request("GET", "/api/strip/phone")).json();
}

/** Address of a live WebSocket of the server the page came from. */
/** What may be done with a caller's place. `mapUrl`: the LRM's page for one; empty: none. */
export interface PlaceChoices {
  mayAsk: boolean;
  mapUrl: string;
}

export async function placeChoices(): Promise<PlaceChoices> {
  return (await request("GET", "/api/location")).json();
}

export function liveUrl(path: string): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}

/** Address of the recordings' page: of another program, hence on another port. */
export function recordingsPage(archive: ArchivePorts): string {
  const port = location.protocol === "https:" ? archive.httpsPort : archive.httpPort;
  return `${location.protocol}//${location.hostname}:${port}/enregistrements/`;
}

export const pages = {
  login: "/",
  strip: "/bandeau/",
  wallboard: "/salle/",
  desk: "/rappels/",
  directory: "/annuaire/",
  callFlows: "/parcours/",
};
