/** What the agent's hands ask for: clicks and keys become commands; what would lose a call is asked twice. */

import { after, every } from "$ui/timers";
import { DISARMED, type Guard, needsConfirmation, pass, press, release } from "./confirm";
import { type Command, commandOf, isKeyOf, isReserved, isTyping, keyName } from "./keymap";
import type { Action } from "./model";
import type { Panels } from "./panels/panels.svelte";
import { PANELS, possiblePanels, toggle } from "./panels/table";
import type { Strip } from "./strip.svelte";

/** After the buttons changed, a click meant for the former ones is not taken. */
const SETTLE_MS = 500;
/** Between two looks at a key held down. */
const HELD_MS = 40;

/** Made while a component is set up: it lives as long as that component. */
export class Hands {
  private guard = $state.raw<Guard>(DISARMED);
  /** Décrocher was pressed just now: its button gives place to others, which take no click yet. */
  settling = $state(false);
  private cancelSettled?: () => void;
  /** The action asked for once, which waits for its confirmation. */
  readonly armed = $derived(this.guard.armed ? this.guard.action : undefined);

  constructor(
    private readonly strip: Strip,
    private readonly panels: Panels,
  ) {
    $effect(() => {
      if (!this.guard.armed) return;
      return every(HELD_MS, () => this.timePasses());
    });
  }

  /** A button was pressed. A double click on Décrocher must not fall on the button that takes its place. */
  pressed(action: Action, byKeyboard: boolean): void {
    if (this.settling && action !== "accept" && !byKeyboard) return;
    if (byKeyboard && needsConfirmation(action)) {
      this.confirm(action);
      this.guard = release(this.guard);
    } else {
      this.run(action);
    }
  }

  keyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const key = keyName(event);
    if (isReserved(key)) {
      event.preventDefault();
      if (event.repeat) return;
    }
    const { allowed } = this.strip;
    const command = commandOf(key, {
      allowed,
      panel: this.panels.open,
      panels: possiblePanels(this.strip),
      typing: isTyping(event.target),
    });
    if (command) this.obey(command);
  }

  keyUp(event: KeyboardEvent): void {
    if (this.armed && isKeyOf(this.armed, event.key)) this.guard = release(this.guard);
  }

  private obey(command: Command): void {
    if ("panel" in command) toggle(this.panels, command.panel);
    else if ("close" in command) this.panels.close();
    else if (needsConfirmation(command.action)) this.confirm(command.action);
    else this.run(command.action);
  }

  private confirm(action: Action): void {
    const next = press(this.guard, action, performance.now());
    this.guard = next.guard;
    if (next.fire) this.run(action);
  }

  private timePasses(): void {
    const next = pass(this.guard, performance.now());
    this.guard = next.guard;
    if (next.fire) this.run(next.fire);
  }

  private run(action: Action): void {
    this.guard = DISARMED;
    if (action === "pause" && this.strip.asksPauseReason) {
      toggle(this.panels, "pause");
      return;
    }
    if (this.panels.open && PANELS[this.panels.open].place === "row") this.panels.close();
    if (action === "accept") this.settle();
    void this.strip.act(action);
  }

  private settle(): void {
    this.cancelSettled?.();
    this.settling = true;
    this.cancelSettled = after(SETTLE_MS, () => {
      this.settling = false;
    });
  }
}
