/** What the page asks the archive. */

import { recordings as texts } from "$ui/texts";
import type { Question } from "./question";
import { parameters } from "./question";
import type {
  ArchiveSession,
  Choices,
  Erasure,
  ExportForm,
  ExportRequest,
  ExportTracks,
  Found,
  Grant,
  Hold,
  Marker,
  Opened,
  StoryLine,
  Ticket,
} from "./types";

/** A request that was refused, in words; `status` 0: the archive does not answer. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function ask(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<Response> {
  const init: RequestInit = { method, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  const answer = await fetch(path, init).catch(() => {
    throw new Refusal(0, texts.unreachable);
  });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => undefined);
  throw new Refusal(answer.status, told?.message ?? texts.failed);
}

const read = async <T>(path: string): Promise<T> => (await ask("GET", path)).json();
const say = async <T>(path: string, body: object): Promise<T> => (await ask("POST", path, body)).json();
const tell = async (path: string, body: object): Promise<void> => void (await ask("POST", path, body));
const of = (id: string, what = ""): string => `/api/recordings/${encodeURIComponent(id)}${what}`;
const exportOf = (id: string, what = ""): string => `/api/exports/${encodeURIComponent(id)}${what}`;

export const archive = {
  session: () => read<ArchiveSession>("/api/session"),
  choices: () => read<Choices>("/api/recordings/choices"),
  search: (question: Question, cursor?: string) =>
    read<Found>(`/api/recordings?${parameters(question, cursor)}`),
  open: (id: string) => read<Opened>(of(id)),
  story: (id: string) => read<StoryLine[]>(of(id, "/story")),
  peaks: async (id: string) => new Uint8Array(await (await ask("GET", of(id, "/peaks"))).arrayBuffer()),
  listen: (id: string, reason: string) => say<Ticket>(of(id, "/listen"), { reason }),
  audio: (ticket: string) => `/api/listen/${encodeURIComponent(ticket)}/audio`,
  mark: (id: string, at: number, text: string) => say<Marker>(of(id, "/markers"), { at, text }),
  unmark: async (id: string, marker: string) =>
    void (await ask("DELETE", of(id, `/markers/${encodeURIComponent(marker)}`))),
  hold: (id: string, reason: string) => tell(of(id, "/holds"), { reason }),
  lift: (hold: string, reason: string) => tell(`/api/holds/${encodeURIComponent(hold)}/lift`, { reason }),
  holds: () => read<Hold[]>("/api/holds"),
  endGrant: (id: string) => tell(`/api/grants/${encodeURIComponent(id)}/end`, {}),
  askExport: (
    id: string,
    asked: { begins: number; ends: number; form: ExportForm; tracks: ExportTracks; reason: string },
  ) => say<ExportRequest>(of(id, "/exports"), asked),
  exports: () => read<ExportRequest[]>("/api/exports"),
  decideExport: (id: string, grant: boolean) => tell(exportOf(id, grant ? "/grant" : "/refuse"), {}),
  makeExport: (id: string) => tell(exportOf(id, "/make"), {}),
  exportFile: (id: string) => exportOf(id, "/file"),
  erasures: () => read<Erasure[]>("/api/erasures"),
  propose: () => tell("/api/erasures", {}),
  visa: (id: string) => tell(`/api/erasures/${encodeURIComponent(id)}/visa`, {}),
  grants: () => read<Grant[]>("/api/grants"),
  grant: (asked: {
    auditor: string;
    from?: string;
    to?: string;
    line?: string;
    days: number;
    reason: string;
  }) => tell("/api/grants", asked),
};
