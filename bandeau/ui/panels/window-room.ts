/** A window of our own grows while a panel is open under the strip, and gets its size back. */

/** Height of the inside of a detached window while something is open in it. */
const TALL = 520;

/** Make room; what is returned gives it back. Does nothing in a window that is not ours to size. */
export function lendRoom(): () => void {
  const detached = window.opener !== null && window.toolbar?.visible === false;
  const missing = TALL - window.innerHeight;
  if (!detached || missing <= 0) return () => {};
  window.resizeBy(0, missing);
  return () => window.resizeBy(0, -missing);
}
