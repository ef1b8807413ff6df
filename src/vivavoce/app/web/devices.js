// Microphones and loudspeakers: which there are, which are chosen, and opening one.

import { Model, store, stored } from "./model.js";
import { microphoneProblem } from "./problems.js";

/** What keeps the agent's own voice, and the room, out of what it hears. */
const CLEAN = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export class Devices extends Model {
  mics = [];
  outputs = [];
  mic = stored("localStorage", "mic", "");
  output = stored("localStorage", "output", "");
  canChooseOutput = typeof HTMLMediaElement.prototype.setSinkId === "function";

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.refresh());
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
    this[kind] = id;
    store("localStorage", kind, id || null);
    this.changed();
  }

  /** A stream from the chosen microphone, or from the default one when that is gone. Throws a Problem. */
  async openMic() {
    try {
      const chosen = this.mic ? { ...CLEAN, deviceId: { exact: this.mic } } : CLEAN;
      const stream = await navigator.mediaDevices.getUserMedia({ audio: chosen });
      await this.refresh();
      return stream;
    } catch (error) {
      if (this.mic && (error.name === "OverconstrainedError" || error.name === "NotFoundError")) {
        this.choose("mic", "");
        return this.openMic();
      }
      throw microphoneProblem(error);
    }
  }
}
