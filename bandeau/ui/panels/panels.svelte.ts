/** What opens on demand over or under the strip: one at a time, opened and closed by name. */

import { lendRoom } from "./window-room";

/** A new one: its name here, its row in `PANELS`, and a key in the keymap or a button that opens it. */
export type PanelName =
  | "pause"
  | "menu"
  | "help"
  | "field"
  | "lists"
  | "park"
  | "pass_on"
  | "recording"
  | "parties"
  | "keypad"
  | "replay"
  | "note"
  | "place"
  | "dossier"
  | "everybody";

/** Which panel is open. */
export class Panels {
  open = $state<PanelName>();
  private giveBack = () => {};

  /** Open it, or close it when it is the one that is open. `tall`: a window of our own grows for it. */
  toggle(name: PanelName, tall = false): void {
    if (this.open === name) {
      this.close();
      return;
    }
    this.giveBack();
    this.open = name;
    this.giveBack = tall ? lendRoom() : () => {};
  }

  close(): void {
    this.open = undefined;
    this.giveBack();
    this.giveBack = () => {};
  }
}
