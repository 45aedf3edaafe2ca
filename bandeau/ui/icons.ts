/** The icon of each state, action and reason: a state is never told by its colour alone. */

import ArrowLeftRight from "@lucide/svelte/icons/arrow-left-right";
import CircleCheck from "@lucide/svelte/icons/circle-check-big";
import Coffee from "@lucide/svelte/icons/coffee";
import Disc from "@lucide/svelte/icons/disc";
import Ellipsis from "@lucide/svelte/icons/ellipsis";
import GraduationCap from "@lucide/svelte/icons/graduation-cap";
import Key from "@lucide/svelte/icons/key-round";
import Link from "@lucide/svelte/icons/link-2";
import LoaderCircle from "@lucide/svelte/icons/loader-circle";
import Lock from "@lucide/svelte/icons/lock";
import LogOut from "@lucide/svelte/icons/log-out";
import Megaphone from "@lucide/svelte/icons/megaphone";
import Merge from "@lucide/svelte/icons/merge";
import Mic from "@lucide/svelte/icons/mic";
import MicOff from "@lucide/svelte/icons/mic-off";
import Pause from "@lucide/svelte/icons/pause";
import Phone from "@lucide/svelte/icons/phone";
import PhoneForwarded from "@lucide/svelte/icons/phone-forwarded";
import PhoneIncoming from "@lucide/svelte/icons/phone-incoming";
import PhoneOff from "@lucide/svelte/icons/phone-off";
import Play from "@lucide/svelte/icons/play";
import Stethoscope from "@lucide/svelte/icons/stethoscope";
import UserRoundPlus from "@lucide/svelte/icons/user-round-plus";
import UsersRound from "@lucide/svelte/icons/users-round";
import Utensils from "@lucide/svelte/icons/utensils";
import { type Icon, STATE_ICONS } from "$ui/components/states";
import type { PAUSE_REASONS, WhyUnrecorded } from "$ui/views";
import type { OfferLook } from "./calls";
import type { Face } from "./model";

export type { Icon };

export const FACES: Record<Face, Icon> = {
  ...STATE_ICONS,
  loading: LoaderCircle,
  connecting: LoaderCircle,
  held: Pause,
  secours_ready: STATE_ICONS.ready,
  secours_paused: STATE_ICONS.paused,
  secours_ringing: STATE_ICONS.offered,
  secours_on_call: STATE_ICONS.on_call,
  secours_held: Pause,
};

export const REASONS: Record<(typeof PAUSE_REASONS)[number], Icon> = {
  break: Coffee,
  meal: Utensils,
  handover: UsersRound,
  training: GraduationCap,
  other: Ellipsis,
};

export const UNRECORDED: Record<WhyUnrecorded, Icon> = {
  privacy: Lock,
  code: Key,
  colleagues: UsersRound,
  other: Ellipsis,
};

export const ACTIONS = {
  ArrowLeftRight,
  Coffee,
  CircleCheck,
  Disc,
  Link,
  LogOut,
  Merge,
  Mic,
  MicOff,
  Pause,
  Phone,
  PhoneForwarded,
  PhoneOff,
  Play,
  Stethoscope,
};

/** Each kind of offer, at a glance. */
export const OFFERS: Record<OfferLook, Icon> = {
  room: PhoneIncoming,
  transfer: PhoneForwarded,
  invite: UserRoundPlus,
  internal: UsersRound,
  everybody: Megaphone,
};
