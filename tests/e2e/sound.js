// Listens to what the page gives to the loudspeakers through Web Audio, as ear.js does to its <audio> elements: kept as
// 8 kHz samples under the name "recordings", read by tests/e2e/pages.py.
(() => {
  const RATE = 8000;
  const KEEP = 20 * RATE;
  let kept = new Int16Array(0);

  function keep(samples) {
    const after = new Int16Array(Math.min(KEEP, kept.length + samples.length));
    const old = after.length - samples.length;
    after.set(kept.subarray(kept.length - old));
    after.set(samples, old);
    kept = after;
  }

  async function listen(track) {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) {
      const { value: data, done } = await reader.read();
      if (done) return;
      const input = new Float32Array(data.numberOfFrames);
      data.copyTo(input, { planeIndex: 0, format: "f32-planar" });
      const step = data.sampleRate / RATE;
      data.close();
      const output = new Int16Array(Math.floor(input.length / step));
      for (let i = 0; i < output.length; i++) {
        let sum = 0;
        const from = Math.floor(i * step);
        const to = Math.floor((i + 1) * step);
        for (let at = from; at < to; at++) sum += input[at];
        output[i] = Math.max(-32768, Math.min(32767, (sum / (to - from)) * 32767));
      }
      keep(output);
    }
  }

  const ears = new WeakMap();
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...more) {
    if (target instanceof AudioDestinationNode) {
      let ear = ears.get(this.context);
      if (ear === undefined) {
        ear = this.context.createMediaStreamDestination();
        ears.set(this.context, ear);
        void listen(ear.stream.getAudioTracks()[0]);
      }
      connect.call(this, ear);
    }
    return connect.call(this, target, ...more);
  };

  const before = window.testEar;
  window.testEar = {
    forget: () => {
      kept = new Int16Array(0);
      before?.forget();
    },
    heard: (name, seconds) => {
      if (name !== "recordings") return before?.heard(name, seconds) ?? "";
      const samples = kept.slice(-Math.round(seconds * RATE));
      const octets = new Uint8Array(samples.buffer);
      let text = "";
      for (let at = 0; at < octets.length; at += 8192) text += String.fromCharCode(...octets.subarray(at, at + 8192));
      return btoa(text);
    },
  };
})();
