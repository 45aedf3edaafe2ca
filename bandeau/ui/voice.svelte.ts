/** The agent's microphone and the page's players: opening, routing, waking them. */

import { closeStream, MicrophoneError, openMicrophone, savedChoice } from "./microphone";
import type { SipLines } from "./sip-lines";
import { locked, playOn, unlock } from "./sound";

export class Voice {
  microphone = $state.raw<MediaStream>();
  /** The browser holds sound back until the page is clicked. */
  locked = $state(false);

  constructor(
    private readonly line: SipLines,
    /** Cut the new microphone as the former one was. */
    private readonly muteAgain: () => void,
  ) {}

  /** With the microphone already open, or the chosen one. */
  start(microphone?: MediaStream): void {
    if (microphone) this.use(microphone);
    else void this.find();
    playOn(savedChoice().output);
    void this.route();
  }

  stop(): void {
    closeStream(this.microphone);
    this.microphone = undefined;
  }

  /** A click or a key came: sound may be played from now on. */
  async free(): Promise<void> {
    if (!this.locked && !locked()) return;
    this.locked = !(await unlock());
    for (const player of this.line.outputs) {
      if (player.srcObject && player.paused) await player.play().catch(() => undefined);
    }
  }

  /** Open the chosen microphone, or the system's; on failure the strip says that it has none. */
  private async find(): Promise<void> {
    try {
      this.use(await openMicrophone(savedChoice().microphone));
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.line.setMicrophone(undefined);
    }
  }

  private use(stream: MediaStream): void {
    closeStream(this.microphone);
    this.microphone = stream;
    // An unplugged headset ends the track: fall back on another microphone at once.
    stream.getAudioTracks()[0]?.addEventListener("ended", () => void this.find());
    this.line.setMicrophone(stream);
    this.muteAgain();
  }

  private async route(): Promise<void> {
    const { output } = savedChoice();
    for (const player of this.line.outputs) {
      if (output && "setSinkId" in player) await player.setSinkId(output).catch(() => undefined);
    }
  }
}
