/** In the audio thread: hands over what is heard, in blocks of about a tenth of a second. */

const BLOCK = 4096;

class Listener extends AudioWorkletProcessor {
  block = new Float32Array(BLOCK);
  filled = 0;

  process([input]) {
    const heard = input[0];
    if (heard === undefined) return true;
    this.block.set(heard, this.filled);
    this.filled += heard.length;
    if (this.filled >= BLOCK) {
      this.port.postMessage(this.block);
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor("listener", Listener);
