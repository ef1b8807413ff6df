// Microphones and loudspeakers: which there are, which are chosen, and opening one.

import { Model, store, stored } from "./model.js";
import { microphoneProblem } from "./problems.js";

/** What keeps the agent's own voice, and the room, out of what it hears. */
const CLEAN = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export class Devices extends Model {
  mics = [];
  outputs = [];
  /** What the person wants, kept while it is unplugged; "" is the system's own. */
  chosen = { mic: stored("localStorage", "mic", ""), output: stored("localStorage", "output", "") };
  canChooseOutput = typeof HTMLMediaElement.prototype.setSinkId === "function";
  /** Called when something was plugged in or out. */
  onPlugged = () => {};

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#plugged());
  }

  /** What is to be used: the chosen one while it is there. */
  get mic() {
    return this.missing("mic") ? "" : this.chosen.mic;
  }

  get output() {
    return this.missing("output") ? "" : this.chosen.output;
  }

  /** Was one chosen that is not there now? Without names nobody can tell. */
  missing(kind) {
    const known = kind === "mic" ? this.mics : this.outputs;
    return Boolean(this.chosen[kind] && known.length) && known.every((device) => device.deviceId !== this.chosen[kind]);
  }

  async refresh() {
    const found = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    // Before a permission, browsers list nameless devices; there is nothing to choose from then.
    const named = found.filter((device) => device.label && device.deviceId);
    this.mics = named.filter((device) => device.kind === "audioinput");
    this.outputs = named.filter((device) => device.kind === "audiooutput");
    this.changed();
  }

  choose(kind, id) {
    this.chosen[kind] = id;
    store("localStorage", kind, id || null);
    this.changed();
  }

  /** A stream from the chosen microphone, or from the system's where that is gone. Throws a Problem. */
  async openMic() {
    const wanted = this.mic;
    let stream;
    try {
      stream = await capture(wanted);
    } catch (error) {
      if (!wanted || !["OverconstrainedError", "NotFoundError"].includes(error.name)) throw microphoneProblem(error);
      stream = await capture("").catch((other) => {
        throw microphoneProblem(other);
      });
    }
    await this.refresh();
    return stream;
  }

  async #plugged() {
    await this.refresh();
    this.onPlugged();
  }
}

function capture(id) {
  return navigator.mediaDevices.getUserMedia({ audio: id ? { ...CLEAN, deviceId: { exact: id } } : CLEAN });
}
