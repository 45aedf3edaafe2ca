/** Commands to the core: one at a time, what is under way, and what was refused. */

import type { CommandResult } from "$ui/live-connection";
import { errors } from "$ui/texts";
import { after } from "$ui/timers";

const ERROR_SHOWN_MS = 5000;

export type Arguments = Record<string, string | number | boolean>;

export class Commands {
  /** The action, or the command, whose answer is awaited. */
  busy = $state<string>();
  /** What was refused, shown for a few seconds. */
  error = $state<string>();
  private cancelError = () => {};

  constructor(private readonly tell: (name: string, args?: Arguments) => Promise<CommandResult>) {}

  /** Send the command of an action; what the core refuses is shown. Says whether it was done. */
  async send(action: string, name: string, args: Arguments = {}): Promise<boolean> {
    this.busy = action;
    const result = await this.tell(name, args);
    this.busy = undefined;
    return this.showRefusal(result);
  }

  /** Show why, if it was refused. Says whether it was done. */
  showRefusal(result: CommandResult): boolean {
    if (result.ok) return true;
    this.error = result.message || errors.refused;
    this.cancelError();
    this.cancelError = after(ERROR_SHOWN_MS, () => this.clearError());
    return false;
  }

  clearError(): void {
    this.error = undefined;
  }
}
