/** Searching the directory: accents and case ignored, words by their beginnings, the best first. Pure. */

import type { DirectoryEntry } from "$ui/views";

export const FOUND_AT_MOST = 50;

interface Indexed {
  readonly entry: DirectoryEntry;
  /** Words of the name, then all others, each after a space. */
  readonly name: string;
  readonly rest: string;
  /** Its numbers as they may be typed: with and without the country's code. */
  readonly digits: readonly string[];
}

/** By name. */
export type Index = readonly Indexed[];

const LIGATURES: Record<string, string> = { œ: "oe", æ: "ae", ß: "ss" };

/** A text as it is compared: without accents, case nor punctuation, one space between words. */
export function folded(text: string): string {
  const bare = text
    .toLowerCase()
    .normalize("NFD")
    .replace(/[\u0300-\u036f]+/g, "")
    .replace(/[œæß]/g, (letter) => LIGATURES[letter] ?? letter);
  // Most texts are plain letters by now: that is many times faster to look through.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  const between = /^[\x00-\x7f]*$/.test(bare) ? /[^a-z0-9]+/g : /[^\p{L}\p{N}]+/gu;
  return bare.replace(between, " ").trim();
}

function typed(number: string): string[] {
  const digits = number.replace(/\D/g, "");
  return number.startsWith("+33") ? [digits, `0${digits.slice(2)}`] : [digits];
}

/** Numbers in names sort by what they count: `Poste 2` before `Poste 10`. */
const sortKey = (name: string) => name.replace(/\d+/g, (digits) => digits.padStart(9, "0"));

/** Prepare the entries; `kinds` names each kind as people say it. */
export function indexed(entries: readonly DirectoryEntry[], kinds: Record<string, string>): Index {
  const known = new Map<string, string>();
  /** Tags, labels and kinds are the same few words in many entries. */
  const foldedOnce = (text: string) => {
    let result = known.get(text);
    if (result === undefined) {
      result = folded(text);
      known.set(text, result);
    }
    return result;
  };
  const keyed = entries.map((entry) => {
    const name = folded(entry.name);
    const others = [kinds[entry.kind] ?? "", ...entry.tags, ...entry.numbers.map(({ label }) => label)];
    const item: Indexed = {
      entry,
      name: ` ${name}`,
      rest: ` ${others.map(foldedOnce).join(" ")} ${foldedOnce(entry.notes)}`,
      digits: entry.numbers.flatMap(({ number }) => typed(number)),
    };
    return { key: sortKey(name), item };
  });
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ item }) => item);
}

/** How well one word fits; 0: not at all. */
function worth(item: Indexed, word: string): number {
  if (item.name.startsWith(` ${word}`)) return 6;
  if (item.name.includes(` ${word}`)) return 5;
  if (item.rest.includes(` ${word}`)) return 3;
  if (/^\d+$/.test(word) && item.digits.some((digits) => digits.startsWith(word))) return 4;
  return word.length >= 3 && item.name.includes(word) ? 1 : 0;
}

function score(item: Indexed, words: readonly string[], whole: string, digits: string): number {
  if (digits !== "" && item.digits.some((number) => number.startsWith(digits))) return 100;
  let sum = 0;
  for (const word of words) {
    const points = worth(item, word);
    if (points === 0) return 0;
    sum += points;
  }
  return item.name === ` ${whole}` ? sum + 50 : sum;
}

export type Rank = (entry: DirectoryEntry) => number;

/** Own favourites first, then the centre's, then by priority. */
export function ranking(favourites: ReadonlySet<string>): Rank {
  return ({ id, favourite, priority }) => (favourites.has(id) ? 20 : 0) + (favourite ? 10 : 0) + priority;
}

/**
 * The entries that have every word of the query, or whose number begins with it, best first: by how well they fit, then
 * by rank, then by name. An empty query gives the favourites.
 */
export function search(index: Index, query: string, rank: Rank): DirectoryEntry[] {
  const whole = folded(query);
  if (whole === "") return favourites(index, rank);
  const words = whole.split(" ");
  const digits = /^[+\d][\d\s.()-]*$/.test(query.trim()) ? query.replace(/\D/g, "") : "";
  const found: { entry: DirectoryEntry; points: number; rank: number }[] = [];
  for (const item of index) {
    const points = score(item, words, whole, digits);
    if (points > 0) found.push({ entry: item.entry, points, rank: rank(item.entry) });
  }
  // The index is by name, and sorting leaves equals where they are.
  found.sort((a, b) => b.points - a.points || b.rank - a.rank);
  return found.slice(0, FOUND_AT_MOST).map(({ entry }) => entry);
}

/** A rank from here on is a favourite's. */
const FAVOURITE_RANK = 10;

function favourites(index: Index, rank: Rank): DirectoryEntry[] {
  const found = index.map(({ entry }) => entry).filter((entry) => rank(entry) >= FAVOURITE_RANK);
  found.sort((a, b) => rank(b) - rank(a));
  return found.slice(0, FOUND_AT_MOST);
}
