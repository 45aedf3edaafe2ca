/** What opens on demand over or under the strip: one at a time, opened and closed by name. */

/** A new one: its name here, its row in `PANELS`, and a key in the keymap or a button that opens it. */
export type PanelName = "pause" | "menu" | "help";

/** Which panel is open. */
export class Panels {
  open = $state<PanelName>();

  /** Open it, or close it when it is the one that is open. */
  toggle(name: PanelName): void {
    this.open = this.open === name ? undefined : name;
  }

  close(): void {
    this.open = undefined;
  }
}
