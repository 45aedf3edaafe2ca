/** The keyboard of the strip, all of it: keys, buttons and help read this table. Pure. */

import { shortcuts as texts } from "$ui/texts";
import type { Action } from "./model";
import type { PanelName } from "./panels/panels.svelte";

/** What a key asks of the page; an action of the agent goes on to the core. */
export type Command = { readonly action: Action } | { readonly panel: PanelName } | { readonly close: true };

export interface Shortcut {
  /** As browsers name it (`KeyboardEvent.key`). */
  readonly key: string;
  /** As it is written on the screen. */
  readonly shown: string;
  readonly does: string;
  /** What it may ask for: the first that is possible now. */
  readonly commands: readonly Command[];
}

/** What decides whether a command is possible now. */
export interface Moment {
  readonly allowed: readonly Action[];
  /** The panel that is open. */
  readonly panel: PanelName | undefined;
  /** The focus is where one writes. */
  readonly typing: boolean;
}

const action = (...names: Action[]): Command[] => names.map((name) => ({ action: name }));

/** Function keys for what is done with calls, so that they never fight with typing. */
export const KEYMAP: readonly Shortcut[] = [
  { key: "F2", shown: "F2", does: texts.accept, commands: action("accept") },
  { key: "F4", shown: "F4", does: texts.end, commands: action("decline", "hang_up") },
  { key: "F6", shown: "F6", does: texts.hold, commands: action("hold") },
  { key: "F7", shown: "F7", does: texts.mute, commands: action("mute") },
  { key: "F8", shown: "F8", does: texts.pause, commands: action("pause") },
  { key: "F9", shown: "F9", does: texts.ready, commands: action("ready") },
  { key: "?", shown: "?", does: texts.help, commands: [{ panel: "help" }] },
  { key: "Escape", shown: "Échap", does: texts.close, commands: [{ close: true }] },
];

function possible(command: Command, key: string, moment: Moment): boolean {
  // A key that writes something belongs to the field one writes in.
  if (moment.typing && key.length === 1) return false;
  if ("action" in command) return moment.allowed.includes(command.action);
  return "close" in command ? moment.panel !== undefined : true;
}

/** What a key asks for now; undefined when it asks for nothing. */
export function commandOf(key: string, moment: Moment): Command | undefined {
  const row = KEYMAP.find((shortcut) => shortcut.key === key);
  return row?.commands.find((command) => possible(command, key, moment));
}

/** A key of calls: even when it does nothing now, the browser must not do something else with it. */
export function isReserved(key: string): boolean {
  return KEYMAP.some((row) => row.key === key && row.commands.some((command) => "action" in command));
}

function rowOf(name: Action): Shortcut | undefined {
  const asks = (command: Command) => "action" in command && command.action === name;
  return KEYMAP.find((row) => row.commands.some(asks));
}

/** The key of an action, as it is written on its button. */
export function keyOf(name: Action): string {
  return rowOf(name)?.shown ?? "";
}

/** Whether a key (`KeyboardEvent.key`) may ask for that action. */
export function isKeyOf(name: Action, key: string): boolean {
  return rowOf(name)?.key === key;
}

/** Whether somebody writes where the focus is. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea, [contenteditable]");
}
