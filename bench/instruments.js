// In each page that is measured. Offers: when the number of a call offered appeared in the page. Sound: when
// something was first heard in an <audio> of the page, to within the 10 ms of a block of sound.
(() => {
  const LOUD = 0.02;
  const now = () => performance.timeOrigin + performance.now();
  const offers = {};
  let firstSound;
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

  async function listen(track) {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) {
      const { value: data, done } = await reader.read();
      if (done) return;
      const samples = new Float32Array(data.numberOfFrames);
      data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      data.close();
      if (samples.some((sample) => Math.abs(sample) > LOUD)) awaitSound(now());
    }
  }

  const streamOf = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "srcObject");
  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    ...streamOf,
    set(stream) {
      streamOf.set.call(this, stream);
      for (const track of stream?.getAudioTracks() ?? []) void listen(track);
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
          awaitSound = () => {};
          resolve(at - began);
        };
        act();
      }),
  };
})();
