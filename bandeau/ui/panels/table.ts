/** The panels: what each holds, where it opens, and when it may stay open. */

import type { Component } from "svelte";
import { strip as texts } from "$ui/texts";
import { currentCall } from "../model";
import type { Strip } from "../strip.svelte";
import HelpPanel from "./HelpPanel.svelte";
import MenuPanel from "./MenuPanel.svelte";
import PausePanel from "./PausePanel.svelte";
import type { PanelName, Panels } from "./panels.svelte";

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
    possible: (strip) => !strip.allowed.includes("accept"),
  },
  help: {
    place: "drawer",
    title: () => texts.shortcuts,
    testid: "help",
    Content: HelpPanel,
    possible: () => true,
  },
};
