/** The icon of each state of a position. */

import CircleCheck from "@lucide/svelte/icons/circle-check-big";
import Coffee from "@lucide/svelte/icons/coffee";
import Hourglass from "@lucide/svelte/icons/hourglass";
import type Phone from "@lucide/svelte/icons/phone";
import PhoneCall from "@lucide/svelte/icons/phone-call";
import PhoneIncoming from "@lucide/svelte/icons/phone-incoming";
import Unplug from "@lucide/svelte/icons/unplug";
import type { PositionState } from "../views";

export type Icon = typeof Phone;

export const STATE_ICONS: Record<PositionState, Icon> = {
  unready: Unplug,
  ready: CircleCheck,
  offered: PhoneIncoming,
  on_call: PhoneCall,
  wrap_up: Hourglass,
  paused: Coffee,
};
