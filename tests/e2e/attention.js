// What the page does to be noticed: the sound it sends to its output, and the notifications it shows. Everything
// still goes where the page sends it. Read by tests/e2e/test_attention.py.
(() => {
  const LOUD = 0.02;
  const heard = { frames: 0, loudFrames: 0, loudSince: 0, loudAt: 0 };
  const taps = new WeakMap();

  async function listen(track) {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) {
      const { value: data, done } = await reader.read();
      if (done) return;
      const samples = new Float32Array(data.numberOfFrames);
      data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      data.close();
      heard.frames += 1;
      if (samples.every((sample) => Math.abs(sample) < LOUD)) continue;
      heard.loudFrames += 1;
      heard.loudAt = Date.now();
      heard.loudSince ||= heard.loudAt;
    }
  }

  function tap(context) {
    if (!taps.has(context)) {
      const node = context.createMediaStreamDestination();
      taps.set(context, node);
      void listen(node.stream.getAudioTracks()[0]);
    }
    return taps.get(context);
  }

  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) connect.call(this, tap(this.context));
    return connect.call(this, target, ...rest);
  };

  const shown = [];
  const focus = window.focus;
  let focused = 0;
  window.focus = () => {
    focused += 1;
    focus.call(window);
  };
  window.Notification = class extends Notification {
    constructor(title, options) {
      super(title, options);
      const told = { title, body: this.body, events: [], real: this, hidden: document.visibilityState === "hidden" };
      for (const name of ["show", "close", "error"]) this.addEventListener(name, () => told.events.push(name));
      shown.push(told);
    }
  };

  window.testAttention = {
    forget: () => Object.assign(heard, { frames: 0, loudFrames: 0, loudSince: 0, loudAt: 0 }),
    heard: () => ({ ...heard, now: Date.now(), visibility: document.visibilityState }),
    notifications: () => shown.map(({ real, ...told }) => told),
    click: (index) => shown[index].real.dispatchEvent(new Event("click")),
    focused: () => focused,
  };
})();
