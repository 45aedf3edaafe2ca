/** Timers that keep their pace when the page is hidden (heartbeats and reconnections depend on it). */

type Cancel = () => void;

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, () => void>();

function keeper(): Worker | undefined {
  if (worker === undefined && typeof Worker !== "undefined") {
    worker = new Worker(new URL("./timers.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<number>) => {
      const action = waiting.get(data);
      waiting.delete(data);
      action?.();
    };
  }
  return worker;
}

/** Do something once, in `ms` milliseconds. Returns what cancels it. */
export function after(ms: number, action: () => void): Cancel {
  const clock = keeper();
  if (clock === undefined) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  }
  lastId += 1;
  const id = lastId;
  waiting.set(id, action);
  clock.postMessage({ id, after: ms });
  return () => {
    if (waiting.delete(id)) clock.postMessage({ id });
  };
}

/** Do something every `ms` milliseconds, for the first time in `ms`. Returns what stops it. */
export function every(ms: number, action: () => void): Cancel {
  let cancel: Cancel = () => {};
  const again = () => {
    cancel = after(ms, again);
    action();
  };
  cancel = after(ms, again);
  return () => cancel();
}
