// Where the agent is heard: the chosen loudspeaker, or the system's own while that is gone.

import { outputProblem } from "./problems.js";

export class Output {
  /** What became of the chosen one, in words, as long as it matters. */
  note = "";

  constructor({ devices, sound, onProblem }) {
    Object.assign(this, { devices, sound, onProblem });
  }

  async choose(id) {
    const before = this.devices.chosen.output;
    this.devices.choose("output", id);
    const error = await this.follow();
    // A choice that came later has the last word.
    if (this.devices.chosen.output !== id) return;
    if (!error) return void this.onProblem(null, "output");
    this.devices.choose("output", before);
    await this.follow();
    this.onProblem(outputProblem(error));
  }

  /** Play where it is wanted, or at the system's own where that cannot be. Returns what went wrong. */
  async follow() {
    const id = this.devices.output;
    let error = null;
    try {
      await this.sound.setOutput(id);
    } catch (reason) {
      if (id !== this.devices.output) return null;
      error = reason;
      await this.sound.setOutput("").catch(() => {});
    }
    this.note = error || this.devices.missing("output") ? "The chosen output is not there. You hear the agent at the system's own." : "";
    this.devices.changed();
    return error;
  }
}
