/** What the desk's page shows, from the live view. Pure: `now` is an argument (server's time, ms). */

import type { DeskFigures, DeskGroup, DeskItem, DeskView, Priority } from "$ui/views";

export const GROUPS: readonly DeskGroup[] = ["call", "short", "hidden"];
const PRIORITIES: readonly Priority[] = ["UV", "P0", "P1", "P2", "P3", "Px"];

export interface Shown extends DeskItem {
  id: string;
}

/** The items in order of work: those to call back; first whom a fault cut, by priority, then those lost for longest. */
export function ordered(view: DeskView | undefined): Shown[] {
  const all = Object.entries(view?.items ?? {}).map(([id, item]) => ({ ...item, id }));
  return all.sort(
    (a, b) =>
      GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) ||
      Number(b.cut ?? false) - Number(a.cut ?? false) ||
      PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) ||
      Date.parse(a.firstLostAt) - Date.parse(b.firstLostAt) ||
      (a.id < b.id ? -1 : 1),
  );
}

/** The groups that are not empty, each with its items in order. */
export function grouped(items: readonly Shown[]): { group: DeskGroup; items: Shown[] }[] {
  return GROUPS.map((group) => ({ group, items: items.filter((item) => item.group === group) })).filter(
    ({ items }) => items.length > 0,
  );
}

/**
 * Which item is chosen once the list has changed: the same one; where it is gone, the one that took its place.
 * A new item never moves the choice.
 */
export function chosenAfter(
  before: readonly Shown[],
  after: readonly Shown[],
  chosen: string | undefined,
): string | undefined {
  if (chosen !== undefined && after.some(({ id }) => id === chosen)) return chosen;
  const place = before.findIndex(({ id }) => id === chosen);
  return after[Math.min(Math.max(place, 0), after.length - 1)]?.id;
}

/** The neighbour of the chosen item, so many places further. */
export function moved(items: readonly Shown[], chosen: string | undefined, by: number): string | undefined {
  const place = items.findIndex(({ id }) => id === chosen);
  if (place < 0) return items[0]?.id;
  return items[Math.min(Math.max(place + by, 0), items.length - 1)]?.id;
}

export interface Rights {
  callBack: boolean;
  work: boolean;
}

/** What this agent may do with an item; the server has the last word. */
export function rights(item: DeskItem, agent: string, supervisor: boolean): Rights {
  const work = item.owner === undefined || item.owner.agent === agent || supervisor;
  return { work, callBack: work && item.number !== undefined && !item.onLine && !item.beingCalled };
}

/** Age (ms) of the loss that has waited for longest. */
export function age(item: DeskItem, now: number): number {
  return Math.max(0, now - Date.parse(item.firstLostAt));
}

/** Share of the items that were called back, in whole per cent; undefined: there was none to call. */
export function ratio(figures: DeskFigures): number | undefined {
  return figures.toCall > 0 ? Math.round((100 * figures.called) / figures.toCall) : undefined;
}
