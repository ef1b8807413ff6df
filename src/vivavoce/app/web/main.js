// Puts the parts together: every message of the call goes to all who want to know it.

import { App } from "./app.js";
import { LEVEL_MS, Sound } from "./audio.js";
import { Call } from "./call.js";
import { Devices } from "./devices.js";
import { Duet } from "./duet.js";
import { Steering } from "./duet-steer.js";
import { EventLog } from "./events.js";
import { Latency } from "./latency.js";
import { Model } from "./model.js";
import { platformProblem } from "./problems.js";
import { Recorder } from "./recording.js";
import { Levels } from "./ribbon.js";
import { Settings } from "./settings.js";
import { ToolDesk } from "./tools.js";
import { Transcript } from "./transcript.js";
import { html, render } from "./ui.js";

class Desk extends Model {
  devices = new Devices();
  settings = new Settings();
  transcript = new Transcript();
  latency = new Latency();
  duet = new Duet();
  log = new EventLog();
  levels = new Levels();
  recorder = new Recorder();
  playback = null;
  /** The moment that the times in the transcript count from. */
  zero = performance.now();
  sound = new Sound((tap) => this.#hear(tap));
  call = new Call({
    devices: this.devices,
    sound: this.sound,
    settings: this.settings,
    // Two agents who begin to talk know nothing of what was said to another one.
    history: () => (this.duet.pending ? [] : this.transcript.items()),
    mayEnd: () => this.duet.state === "running",
  });
  steering = new Steering(this.duet, this.call);
  #tools = new ToolDesk(this.call);

  constructor() {
    super();
    this.call.onMessage((message) => this.#receive(message));
  }

  /** Look at a recording, or at the call again. */
  play(playback) {
    this.playback?.close();
    this.playback = playback;
    this.changed();
  }

  /** Forget the conversation, so that the next call begins a new one. */
  fresh() {
    for (const model of [this.transcript, this.latency, this.duet, this.log, this.levels]) model.clear();
    this.changed();
  }

  #receive(message) {
    if (message.event.type === "connecting") {
      this.play(null);
      if (!this.transcript.entries.length) this.zero = message.at;
      this.recorder.begin();
    }
    const lost = message.event.type === "lost" && this.duet.pending;
    const { settings, transcript, latency, duet, log, levels, recorder } = this;
    for (const taker of [settings, transcript, latency, duet, log, levels, recorder, this.#tools]) taker.receive(message);
    if (message.event.type === "ended") recorder.finish(message.event.connected);
    // Another session would not know of it.
    if (lost) this.steering.lose();
  }

  #hear({ levels, pcm, rate, at }) {
    if (!this.call.busy) return;
    this.levels.add(levels, at);
    for (let i = 0; i < levels.length; i += 2) {
      this.latency.hear(levels[i], levels[i + 1], at - ((levels.length - 2 - i) / 2) * LEVEL_MS, LEVEL_MS);
    }
    this.recorder.hear(pcm, rate, at);
  }
}

const desk = new Desk();
desk.call.problem = platformProblem();
desk.devices.refresh();
// The server need not wait to notice that nobody is there.
window.addEventListener("pagehide", () => desk.call.hangUp());
render(html`<${App} desk=${desk} />`, document.getElementById("page"));
