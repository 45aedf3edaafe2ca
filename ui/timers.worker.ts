/** Keeps time away from the page: a hidden page's own timers are slowed down by the browser. */

const running = new Map<number, ReturnType<typeof setTimeout>>();

self.onmessage = ({ data }: MessageEvent<{ id: number; after?: number }>) => {
  clearTimeout(running.get(data.id));
  running.delete(data.id);
  if (data.after === undefined) return;
  const fire = () => {
    running.delete(data.id);
    self.postMessage(data.id);
  };
  running.set(data.id, setTimeout(fire, data.after));
};
