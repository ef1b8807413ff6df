// The microphone of a call: opened, changed while one speaks, survived when it is unplugged.

import { MIC_LOST } from "./problems.js";

export class Microphone {
  /** What is sent; null outside a call. */
  stream = null;
  /** Does the person only type? */
  typing = false;
  /** What became of it, in words, as long as it matters. */
  note = "";
  /** The label of the one that is open, and of the one that was lost. */
  #name = "";
  #lost = "";
  #wanted = "";
  /** Which opening this is: a browser takes its time, and another one may be wanted by then. */
  #attempt = 0;

  /** `onStream(stream)`: this is to be sent from now on. `onProblem(problem)`: one cannot be used; `(null, "mic")`: one can. */
  constructor({ devices, sound, onStream, onProblem }) {
    Object.assign(this, { devices, sound, onStream, onProblem });
  }

  /** Open one for a call. Throws a Problem. */
  async open(typing) {
    this.typing = typing;
    if (typing) this.#use(this.sound.silence());
    else await this.#open();
  }

  async choose(id) {
    const before = this.devices.chosen.mic;
    this.devices.choose("mic", id);
    if (!(await this.follow()) && this.devices.chosen.mic === id) this.devices.choose("mic", before);
  }

  /** During a call: go on with what is wanted now, or with what there is. False when that cannot be used. */
  async follow() {
    if (!this.stream || this.typing || (this.#name && this.#wanted === this.devices.mic)) return true;
    try {
      if (await this.#open()) this.onProblem(null, "mic");
      return true;
    } catch (problem) {
      this.onProblem(this.#name ? problem : MIC_LOST(problem.detail));
      return false;
    }
  }

  close() {
    this.#attempt += 1;
    this.#release();
    Object.assign(this, { stream: null, note: "" });
  }

  /** False when something else was wanted meanwhile. */
  async #open() {
    const mine = ++this.#attempt;
    const { mic: chosen } = this.devices.chosen;
    let stream;
    try {
      stream = await this.devices.openMic();
    } catch (problem) {
      if (mine !== this.#attempt) return false;
      throw problem;
    }
    const [track] = stream.getAudioTracks();
    const name = track.label || "one without a name";
    if (mine !== this.#attempt || chosen !== this.devices.chosen.mic) {
      track.stop();
      return mine === this.#attempt && this.#open();
    }
    track.onended = () => stream === this.stream && this.#ended();
    this.note = this.#noteOf(name);
    this.#wanted = this.devices.mic;
    this.#lost = "";
    this.#use(stream, name);
    return true;
  }

  #noteOf(name) {
    if (this.devices.missing("mic")) return `The chosen microphone is not there. Until it is back, this one is used: ${name}`;
    return this.#lost && this.#lost !== name ? `The microphone ${this.#lost} is gone. This one is used now: ${name}` : "";
  }

  #ended() {
    this.#lost = this.#name;
    this.note = "";
    // The engine wants steady audio, and the call is to go on.
    this.#use(this.sound.silence());
    this.follow();
  }

  #use(stream, name = "") {
    this.#release();
    this.stream = stream;
    this.#name = name;
    this.onStream(stream);
  }

  /** Silence is no device, and all calls share it. */
  #release() {
    if (this.#name) for (const track of this.stream.getTracks()) track.stop();
    this.#name = "";
  }
}
