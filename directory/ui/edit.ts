/** Changing the directory: what a supervisor's form holds, and asking the core for it. */

import type { DirectoryEntry, EntryKind } from "$ui/views";

/** An entry as it is written in a form. Numbers: one a line, each with its label before `=` if it has one. */
export interface Draft {
  id?: string;
  name: string;
  kind: EntryKind;
  numbers: string;
  priority: number;
  favourite: boolean;
  tags: string;
  notes: string;
}

export const EMPTY: Draft = {
  name: "",
  kind: "other",
  numbers: "",
  priority: 0,
  favourite: false,
  tags: "",
  notes: "",
};

/** What the core answered: done, or why not, one thing a line. */
export type Answer = { ok: true; done: unknown } | { ok: false; message: string; details: string[] };

export function draftOf(entry: DirectoryEntry): Draft {
  const { id, name, kind, priority, favourite, notes } = entry;
  const numbers = entry.numbers.map(({ number, label }) => (label ? `${label} = ${number}` : number));
  return {
    id,
    name,
    kind,
    priority,
    favourite,
    notes,
    numbers: numbers.join("\n"),
    tags: entry.tags.join(", "),
  };
}

/** The draft as the core takes it. */
export function sent(draft: Draft): object {
  const { name, kind, priority, favourite, notes } = draft;
  const lines = draft.numbers.split("\n").filter((line) => line.trim() !== "");
  const numbers = lines.map((line) => {
    const cut = line.lastIndexOf("=");
    return { number: line.slice(cut + 1).trim(), label: cut < 0 ? "" : line.slice(0, cut).trim() };
  });
  const tags = draft.tags.split(",").map((tag) => tag.trim());
  return { name, kind, numbers, priority, favourite, tags: tags.filter((tag) => tag !== ""), notes };
}

export function save(draft: Draft): Promise<Answer> {
  const path = draft.id === undefined ? "entries" : `entries/${encodeURIComponent(draft.id)}`;
  return ask(draft.id === undefined ? "POST" : "PUT", path, sent(draft));
}

export function remove(id: string): Promise<Answer> {
  return ask("DELETE", `entries/${encodeURIComponent(id)}`);
}

/** Take a whole sheet over. */
export async function importSheet(file: Blob, replace: boolean): Promise<Answer> {
  return ask("POST", "import", { csv: decoded(await file.arrayBuffer()), replace });
}

/** UTF-8, or else as spreadsheets of French Windows write it. */
export function decoded(octets: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (error) {
    if (error instanceof TypeError) return new TextDecoder("windows-1252").decode(octets);
    throw error;
  }
}

export const EXPORT = "/api/directory/export.csv";

async function ask(method: string, path: string, body?: object): Promise<Answer> {
  const init: RequestInit = { method, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const answer = await fetch(`/api/directory/${path}`, init).catch(() => undefined);
  if (answer?.ok) return { ok: true, done: answer.status === 204 ? undefined : await answer.json() };
  const refusal = (await answer?.json().catch(() => undefined)) as
    | { message?: string; details?: string[] }
    | undefined;
  return { ok: false, message: refusal?.message ?? "", details: refusal?.details ?? [] };
}
