// Push to talk: the microphone is open while a button or the space bar is held.

/** Audio is still on its way when a key is released: jitter buffer, encoder, network. */
const TAIL_MS = 250;
const SHORTEST_MS = 200;

export class Hold {
  held = false;
  hint = "";
  #since = 0;
  #tail = null;

  /** `changed` is called whenever the microphone is to be opened or closed. */
  constructor(call, changed) {
    Object.assign(this, { call, changed });
  }

  /** Is the microphone to be open? */
  get open() {
    return this.held || this.#tail !== null;
  }

  press() {
    if (this.held) return;
    clearTimeout(this.#tail);
    Object.assign(this, { held: true, hint: "" });
    this.#tail = null;
    this.#since = performance.now();
    if (this.call.speaking) this.call.stopAgent();
    this.call.send({ type: "input_audio_buffer.clear" });
    this.changed();
  }

  release() {
    if (!this.held) return;
    this.held = false;
    const short = performance.now() - this.#since < SHORTEST_MS;
    if (short) this.hint = "Keep it pressed while you speak.";
    this.#tail = setTimeout(() => this.#over(short), short ? 0 : TAIL_MS);
    this.changed();
  }

  /** Forget what was begun. */
  reset() {
    clearTimeout(this.#tail);
    this.#tail = null;
    Object.assign(this, { held: false, hint: "" });
  }

  #over(short) {
    this.#tail = null;
    this.changed();
    if (short) return this.call.send({ type: "input_audio_buffer.clear" });
    this.call.send({ type: "input_audio_buffer.commit" });
    return this.call.send({ type: "response.create" });
  }
}
