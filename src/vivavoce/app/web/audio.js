// Both voices as signals: played, metered, and tapped for the recording.

export const LEVEL_MS = 20;

/** The signals of one or more calls in a row. `onTap({levels, pcm, rate, at})` gets both voices, about 25 times a second. */
export class Sound {
  #mic = null;
  #agent = null;
  #context;
  #merger;
  #tap;
  #silence = null;

  constructor(onTap) {
    this.onTap = onTap;
    this.player = new Audio();
    this.player.autoplay = true;
  }

  /** Must be called from a click: browsers start audio for no less. */
  async open() {
    if (this.#context) return this.#context.resume();
    this.#context = new AudioContext({ latencyHint: "interactive" });
    await this.#context.audioWorklet.addModule(new URL("tap-worklet.js", import.meta.url));
    this.#merger = new ChannelMergerNode(this.#context, { numberOfInputs: 2 });
    this.#tap = new AudioWorkletNode(this.#context, "tap", { numberOfInputs: 1, outputChannelCount: [1] });
    this.#tap.port.onmessage = ({ data }) => this.onTap({ ...data, at: performance.now() });
    // Connected although it is silent: nodes that lead nowhere are not run.
    this.#merger.connect(this.#tap).connect(this.#context.destination);
    await this.#context.resume();
  }

  setMic(stream) {
    this.#mic?.disconnect();
    this.#mic = stream ? this.#context.createMediaStreamSource(stream) : null;
    this.#mic?.connect(this.#merger, 0, 0);
  }

  setAgent(stream) {
    this.#agent?.disconnect();
    this.#agent = stream ? this.#context.createMediaStreamSource(stream) : null;
    this.#agent?.connect(this.#merger, 0, 1);
    this.player.srcObject = stream;
    // Not only autoplay: a stream that comes after the click may need to be asked for.
    if (stream) this.player.play().catch(() => {});
  }

  /** A microphone for those who only type: the engine wants steady audio. */
  silence() {
    if (!this.#silence) {
      this.#silence = new MediaStreamAudioDestinationNode(this.#context, { channelCount: 1 });
      // Where nothing plays, Chromium sends nothing.
      const nothing = new ConstantSourceNode(this.#context, { offset: 0 });
      nothing.connect(this.#silence);
      nothing.start();
    }
    return this.#silence.stream;
  }

  async setOutput(id) {
    await this.player.setSinkId?.(id);
    // A browser may have stopped it with the device.
    if (this.player.srcObject) this.player.play().catch(() => {});
  }

  async rest() {
    this.setMic(null);
    this.setAgent(null);
    await this.#context?.suspend();
  }
}
