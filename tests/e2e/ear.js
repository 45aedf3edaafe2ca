// Listens to each <audio> of the page as the agent would: what its stream carries while it plays, unmuted, else
// silence. Kept as 8 kHz samples; read by tests/e2e/pages.py. No AudioContext: it would need a click first.
// What is played from the page's own memory is kept as "replay".
(() => {
  const RATE = 8000;
  const KEEP = 20 * RATE;
  const heard = new Map();
  /** The stream by which each track was given last: after a hold the same track comes in another one. */
  const latest = new WeakMap();
  const streamOf = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "srcObject");

  function keep(element, samples) {
    const name = element.dataset.testid ?? "replay";
    if (!heard.has(name)) heard.set(name, { ring: new Int16Array(KEEP), count: 0 });
    const kept = heard.get(name);
    for (const sample of samples) kept.ring[kept.count++ % KEEP] = sample;
  }

  /** What was kept last, at most so many samples, oldest first. */
  function last(name, samples) {
    const { ring, count } = heard.get(name) ?? { ring: new Int16Array(KEEP), count: 0 };
    const wanted = Math.min(samples, count, KEEP);
    return Int16Array.from({ length: wanted }, (_, at) => ring[(count - wanted + at) % KEEP]);
  }

  async function listen(element, stream, track) {
    const own = streamOf.get.call(element) !== stream;
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    latest.set(track, stream);
    let sum = 0;
    let summed = 0;
    let due = 0;
    for (;;) {
      const { value: data, done } = await reader.read();
      if (done) return;
      if (latest.get(track) !== stream) {
        data.close();
        return;
      }
      const current = own || streamOf.get.call(element) === stream;
      const audible = current && !element.paused && !element.muted && element.volume > 0;
      const input = new Float32Array(data.numberOfFrames);
      data.copyTo(input, { planeIndex: 0, format: "f32-planar" });
      const step = data.sampleRate / RATE;
      data.close();
      const output = [];
      for (const sample of input) {
        sum += audible ? sample : 0;
        summed += 1;
        due += 1;
        if (due >= step) {
          due -= step;
          output.push(Math.max(-32768, Math.min(32767, (sum / summed) * 32767)));
          sum = summed = 0;
        }
      }
      keep(element, output);
    }
  }

  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    ...streamOf,
    set(stream) {
      streamOf.set.call(this, stream);
      for (const track of stream?.getAudioTracks() ?? []) void listen(this, stream, track);
    },
  });

  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (this.src.startsWith("blob:"))
      this.addEventListener("playing", () => {
        const stream = this.captureStream();
        for (const track of stream.getAudioTracks()) void listen(this, stream, track);
      });
    return play.call(this);
  };

  // A microphone's tone is neither noise nor an echo of the tones that the agent hears: it is let through as it is.
  const asIs = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const devices = navigator.mediaDevices;
  const open = devices?.getUserMedia.bind(devices);
  if (devices)
    devices.getUserMedia = (asked) => {
      const audio = typeof asked?.audio === "object" ? asked.audio : {};
      return open(asked?.audio ? { ...asked, audio: { ...audio, ...asIs } } : asked);
    };

  window.testEar = {
    forget: () => heard.clear(),
    heard: (name, seconds) => {
      const octets = new Uint8Array(last(name, Math.round(seconds * RATE)).buffer);
      let text = "";
      for (let at = 0; at < octets.length; at += 8192) text += String.fromCharCode(...octets.subarray(at, at + 8192));
      return btoa(text);
    },
  };
})();
