/** Calls the agent's eyes to an offer: title, icon of the tab, notification of the system. */

import { product, strip } from "$ui/texts";
import { after, every } from "$ui/timers";

const BLINK_MS = 700;

let notification: Notification | undefined;
let stopBlinking: (() => void) | undefined;

function icon(href: string): void {
  document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.setAttribute("href", href);
}

/** What the tab says when nothing rings. */
export function setTitle(state: string): void {
  if (stopBlinking === undefined) document.title = `${state} – ${product}`;
}

/**
 * Blink until {@link calm}; notify the system when the page does not have the focus. In a turn of its own: to change
 * the tab takes as long as to show the offer, which comes first.
 */
export function alertOffer(who: string, detail: string): void {
  calm();
  let lit = true;
  const show = () => {
    document.title = lit ? `☎ ${who}` : `${strip.notificationTitle} – ${product}`;
    icon(lit ? "/favicon-offer.svg" : "/favicon.svg");
    lit = !lit;
  };
  stopBlinking = after(0, () => {
    show();
    stopBlinking = every(BLINK_MS, show);
    if (!document.hasFocus()) notify(who, detail);
  });
}

function notify(who: string, detail: string): void {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  notification = new Notification(strip.notificationTitle, {
    body: `${who}\n${detail}`,
    tag: "bandeau15-offer",
    icon: "/favicon-offer.svg",
    requireInteraction: true,
    // The page rings by itself.
    silent: true,
  });
  notification.onclick = () => {
    window.focus();
    notification?.close();
  };
}

/** Nothing rings any more. */
export function calm(): void {
  if (stopBlinking === undefined) return;
  stopBlinking();
  stopBlinking = undefined;
  notification?.close();
  notification = undefined;
  icon("/favicon.svg");
}
