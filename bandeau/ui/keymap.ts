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
  /** The panels that have a meaning now. */
  readonly panels: readonly PanelName[];
  /** The focus is where one writes. */
  readonly typing: boolean;
}

const action = (...names: Action[]): Command[] => names.map((name) => ({ action: name }));
const panel = (name: PanelName): Command[] => [{ panel: name }];

/** The name of a key in this table: function keys tell whether Maj is down. */
export function keyName(event: { key: string; shiftKey: boolean }): string {
  return event.shiftKey && /^F\d+$/.test(event.key) ? `Shift+${event.key}` : event.key;
}

/** Function keys for what is done with calls, so that they never fight with typing. */
export const KEYMAP: readonly Shortcut[] = [
  { key: "F1", shown: "F1", does: texts.replay, commands: panel("replay") },
  { key: "F2", shown: "F2", does: texts.accept, commands: action("accept") },
  { key: "F3", shown: "F3", does: texts.field, commands: [...panel("field"), ...panel("pass_on")] },
  { key: "F4", shown: "F4", does: texts.end, commands: action("hang_up", "decline") },
  { key: "F5", shown: "F5", does: texts.swap, commands: action("swap") },
  { key: "F6", shown: "F6", does: texts.hold, commands: action("hold") },
  { key: "F7", shown: "F7", does: texts.mute, commands: action("mute") },
  { key: "F8", shown: "F8", does: texts.pause, commands: action("pause") },
  { key: "F9", shown: "F9", does: texts.ready, commands: [...action("ready"), ...panel("park")] },
  { key: "F10", shown: "F10", does: texts.lists, commands: panel("lists") },
  { key: "F12", shown: "F12", does: texts.menu, commands: panel("menu") },
  { key: "Shift+F1", shown: "⇧F1", does: texts.place, commands: panel("place") },
  { key: "Shift+F2", shown: "⇧F2", does: texts.decline, commands: action("decline") },
  { key: "Shift+F3", shown: "⇧F3", does: texts.complete, commands: action("complete") },
  { key: "Shift+F4", shown: "⇧F4", does: texts.leave, commands: action("leave") },
  { key: "Shift+F5", shown: "⇧F5", does: texts.merge, commands: action("merge") },
  { key: "Shift+F6", shown: "⇧F6", does: texts.parties, commands: panel("parties") },
  { key: "Shift+F7", shown: "⇧F7", does: texts.keypad, commands: panel("keypad") },
  { key: "Shift+F8", shown: "⇧F8", does: texts.note, commands: panel("note") },
  {
    key: "Shift+F9",
    shown: "⇧F9",
    does: texts.recording,
    commands: [...action("record"), ...panel("recording")],
  },
  { key: "Shift+F10", shown: "⇧F10", does: texts.everybody, commands: panel("everybody") },
  { key: "Shift+F12", shown: "⇧F12", does: texts.dossier, commands: panel("dossier") },
  { key: "?", shown: "?", does: texts.help, commands: [{ panel: "help" }] },
  { key: "Escape", shown: "Échap", does: texts.close, commands: [{ close: true }] },
];

function possible(command: Command, key: string, moment: Moment): boolean {
  // A key that writes something belongs to the field one writes in.
  if (moment.typing && key.length === 1) return false;
  if ("action" in command) return moment.allowed.includes(command.action);
  return "close" in command
    ? moment.panel !== undefined
    : moment.panel === command.panel || moment.panels.includes(command.panel);
}

/** What a key asks for now; undefined when it asks for nothing. */
export function commandOf(key: string, moment: Moment): Command | undefined {
  const row = KEYMAP.find((shortcut) => shortcut.key === key);
  return row?.commands.find((command) => possible(command, key, moment));
}

/** A key of calls: even when it does nothing now, the browser must not do something else with it. */
export function isReserved(key: string): boolean {
  return KEYMAP.some((row) => row.key === key && /^(Shift\+)?F\d+$/.test(key));
}

function asks(row: Shortcut, name: Action): boolean {
  return row.commands.some((command) => "action" in command && command.action === name);
}

/** The key that opens a panel, as it is written on its button. */
export function keyOfPanel(name: PanelName): string {
  const opens = (command: Command) => "panel" in command && command.panel === name;
  return KEYMAP.find((row) => row.commands.some(opens))?.shown ?? "";
}

/** The key of an action, as it is written on its button. */
export function keyOf(name: Action): string {
  return KEYMAP.find((row) => asks(row, name))?.shown ?? "";
}

/** Whether a key (`KeyboardEvent.key`) may ask for that action. */
export function isKeyOf(name: Action, key: string): boolean {
  return KEYMAP.some((row) => asks(row, name) && (row.key === key || row.key === `Shift+${key}`));
}

/** Whether somebody writes where the focus is. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea, [contenteditable]");
}
