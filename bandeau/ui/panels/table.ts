/** The panels: what each holds, where it opens, and when it may stay open. */

import type { Component } from "svelte";
import * as all from "$ui/texts";
import { strip as texts } from "$ui/texts";
import { parties } from "../calls";
import { canPassOn, canReach, currentCall } from "../model";
import type { Strip } from "../strip.svelte";
import DossierPanel from "./DossierPanel.svelte";
import EverybodyPanel from "./EverybodyPanel.svelte";
import FieldPanel from "./FieldPanel.svelte";
import HelpPanel from "./HelpPanel.svelte";
import KeypadPanel from "./KeypadPanel.svelte";
import ListsPanel from "./ListsPanel.svelte";
import MenuPanel from "./MenuPanel.svelte";
import NotePanel from "./NotePanel.svelte";
import ParkPanel from "./ParkPanel.svelte";
import PartiesPanel from "./PartiesPanel.svelte";
import PassOnPanel from "./PassOnPanel.svelte";
import PausePanel from "./PausePanel.svelte";
import PlacePanel from "./PlacePanel.svelte";
import type { PanelName, Panels } from "./panels.svelte";
import RecordingPanel from "./RecordingPanel.svelte";
import ReplayPanel from "./ReplayPanel.svelte";

/** What the content of every panel is given. */
export interface PanelProps {
  strip: Strip;
  panels: Panels;
  /** Go back to the check of microphone and headset. */
  oncheck: () => void;
}

export interface PanelKind {
  /**
   * `row`: a few buttons in the place of the caller and the commands, closed by an offer.
   * `drawer`: something to read or to write in, under the strip where the window is high enough; the
   * commands stay, and neither an offer nor the end of a call closes it.
   */
  place: "row" | "drawer";
  title: (strip: Strip) => string;
  testid: string;
  Content: Component<PanelProps>;
  /** Whether it still has a meaning. */
  possible: (strip: Strip) => boolean;
}

const talking = (strip: Strip) =>
  currentCall(strip.situation)?.state === "talking" && canReach(strip.situation);

export const PANELS: Record<PanelName, PanelKind> = {
  pause: {
    place: "row",
    title: (strip) => (currentCall(strip.situation) ? texts.pauseTitleOnCall : texts.pauseTitle),
    testid: "pause-menu",
    Content: PausePanel,
    possible: (strip) => strip.allowed.includes("pause"),
  },
  menu: {
    place: "row",
    title: (strip) => strip.session.agent.name,
    testid: "menu",
    Content: MenuPanel,
    possible: (strip) => strip.face !== "offered" && strip.face !== "secours_ringing",
  },
  park: {
    place: "row",
    title: () => all.park.title,
    testid: "park",
    Content: ParkPanel,
    possible: (strip) => canPassOn(strip.situation),
  },
  pass_on: {
    place: "row",
    title: () => all.passOn.title,
    testid: "pass-on-panel",
    Content: PassOnPanel,
    possible: (strip) => strip.secours?.state === "talking" || strip.secours?.state === "held",
  },
  recording: {
    place: "row",
    title: () => all.recording.title,
    testid: "recording-pause",
    Content: RecordingPanel,
    possible: (strip) => strip.reasonsToPause.length > 0,
  },
  everybody: {
    place: "row",
    title: () => all.everybody.title,
    testid: "everybody",
    Content: EverybodyPanel,
    possible: (strip) => canReach(strip.situation) && strip.face !== "offered",
  },
  keypad: {
    place: "row",
    title: () => all.keypad.title,
    testid: "keypad",
    Content: KeypadPanel,
    possible: talking,
  },
  replay: {
    place: "row",
    title: () => all.replay.title,
    testid: "replay",
    Content: ReplayPanel,
    possible: (strip) =>
      strip.view?.phone
        ? talking(strip)
        : currentCall(strip.situation)?.state === "talking" || strip.secours?.state === "talking",
  },
  field: {
    place: "drawer",
    title: () => all.find.title,
    testid: "field",
    Content: FieldPanel,
    possible: (strip) => canReach(strip.situation),
  },
  lists: {
    place: "drawer",
    title: () => all.lists.title,
    testid: "lists",
    Content: ListsPanel,
    possible: (strip) => canReach(strip.situation),
  },
  parties: {
    place: "drawer",
    title: () => all.parties.title,
    testid: "parties",
    Content: PartiesPanel,
    possible: (strip) => canReach(strip.situation) && parties(currentCall(strip.situation)).length > 0,
  },
  note: {
    place: "drawer",
    title: () => all.notes.title,
    testid: "note-panel",
    Content: NotePanel,
    possible: (strip) => canReach(strip.situation) && strip.noteable !== undefined,
  },
  place: {
    place: "drawer",
    title: () => all.place.title,
    testid: "place-panel",
    Content: PlacePanel,
    possible: (strip) => strip.placed !== undefined,
  },
  dossier: {
    place: "drawer",
    title: () => all.dossier.title,
    testid: "dossier-panel",
    Content: DossierPanel,
    possible: (strip) => strip.dossier !== undefined,
  },
  help: {
    place: "drawer",
    title: () => texts.shortcuts,
    testid: "help",
    Content: HelpPanel,
    possible: () => true,
  },
};

/** The panels that have a meaning now. */
export function possiblePanels(strip: Strip): PanelName[] {
  return (Object.keys(PANELS) as PanelName[]).filter((name) => PANELS[name].possible(strip));
}

/** Open or close a panel; a drawer gets room in a window of our own. */
export function toggle(panels: Panels, name: PanelName): void {
  panels.toggle(name, PANELS[name].place === "drawer");
}
