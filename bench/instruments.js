// In each page that is measured. Offers: when the number of a call offered appeared in the page. Sound: when
// something was first heard in an <audio> of the page, to the sample.
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const offers = {};
  let awaitSound = () => {};

  function look() {
    const number = document.querySelector('[data-testid="offer-number"]')?.dataset.number;
    if (number && !(number in offers)) offers[number] = now();
  }
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-number"],
  });

  // In a thread of its own: a page that draws the call at that very moment would look up too late. Blocks of 10 ms
  // come when their first sample is to be played.
  function ear() {
    const LOUD = 0.02;
    onmessage = async ({ data: stream }) => {
      const reader = stream.getReader();
      for (;;) {
        const { value: data, done } = await reader.read();
        if (done) return;
        const at = performance.timeOrigin + performance.now();
        const samples = new Float32Array(data.numberOfFrames);
        data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
        const first = samples.findIndex((sample) => Math.abs(sample) > LOUD);
        if (first >= 0) postMessage(at + (1000 * first) / data.sampleRate);
        data.close();
      }
    };
  }
  const thread = new Worker(URL.createObjectURL(new Blob([`(${ear})()`])));
  thread.onmessage = ({ data: at }) => awaitSound(at);

  function listen(track) {
    const { readable } = new MediaStreamTrackProcessor({ track });
    thread.postMessage(readable, [readable]);
  }

  const streamOf = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "srcObject");
  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    ...streamOf,
    set(stream) {
      streamOf.set.call(this, stream);
      for (const track of stream?.getAudioTracks() ?? []) listen(track);
    },
  });

  window.bench = {
    /** Milliseconds since 1970 at which each number was offered; then forgets them. */
    offers: () => {
      const seen = { ...offers };
      for (const number of Object.keys(offers)) delete offers[number];
      return seen;
    },
    /** Do something, and give the milliseconds until something is heard. */
    untilSound: (act) =>
      new Promise((resolve) => {
        const began = now();
        awaitSound = (at) => {
          if (at < began) return;
          awaitSound = () => {};
          resolve(at - began);
        };
        act();
      }),
  };
})();
