// A recording that is looked at: the same views as of a live call, at any moment of it.

import { Duet } from "./duet.js";
import { EventLog } from "./events.js";
import { Latency } from "./latency.js";
import { Model } from "./model.js";
import { FORMAT } from "./recording.js";
import { Transcript } from "./transcript.js";
import { LEVEL_MS } from "./audio.js";
import { levels, read } from "./wav.js";

const MOST_WAV_BYTES = 800 << 20;

/** A Playback of the chosen files: a WAV, a JSON, best both. Throws an Error that people can read. */
export async function open(files) {
  let sound = null, told = null, url = null;
  for (const file of files) {
    if (/\.json$/i.test(file.name)) told = parse(await file.text());
    else if (file.size > MOST_WAV_BYTES) throw new Error("This sound file is too long to show.");
    else {
      sound = read(await file.arrayBuffer());
      url = URL.createObjectURL(file);
    }
  }
  if (!sound && !told) throw new Error("Choose the two files of a recording: .wav and .json");
  return new Playback(sound, told, url);
}

function parse(text) {
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    throw new Error("The .json file cannot be read.");
  }
  if (told.format !== FORMAT || !Array.isArray(told.events)) throw new Error("The .json file is not of such a recording.");
  return told;
}

export class Playback extends Model {
  transcript = new Transcript();
  latency = new Latency();
  duet = new Duet();
  log = new EventLog(50_000);
  now = 0;
  #next = 0;
  #timer = null;

  constructor(sound, told, url) {
    super();
    this.url = url;
    this.events = told?.events ?? [];
    this.started = told?.started ?? "";
    this.mic = sound ? levels(sound.left, sound.rate, LEVEL_MS) : new Float32Array();
    this.agent = sound ? levels(sound.right, sound.rate, LEVEL_MS) : new Float32Array();
    const heard = sound ? (sound.left.length / sound.rate) * 1000 : 0;
    this.length = Math.max(heard, this.events.at(-1)?.at_ms ?? 0, 1);
    this.player = new Audio(url ?? undefined);
    this.player.addEventListener("ended", () => this.pause());
    for (const message of this.events) this.log.receive({ ...message, at: message.at_ms });
    this.seek(0);
  }

  get playing() {
    return !this.player.paused;
  }

  async play() {
    if (this.now >= this.length - 50) this.seek(0);
    await this.player.play();
    this.#timer ??= setInterval(() => this.#to(this.player.currentTime * 1000), 33);
  }

  pause() {
    this.player.pause();
    clearInterval(this.#timer);
    this.#timer = null;
    this.changed();
  }

  seek(ms) {
    if (this.url) this.player.currentTime = ms / 1000;
    this.#to(Math.max(0, Math.min(this.length, ms)));
  }

  close() {
    this.pause();
    if (this.url) URL.revokeObjectURL(this.url);
  }

  #to(ms) {
    if (ms < this.now) {
      this.transcript.clear();
      this.latency.clear();
      this.duet.clear();
      this.#next = 0;
    }
    while (this.#next < this.events.length && this.events[this.#next].at_ms <= ms) {
      const message = this.events[this.#next++];
      this.transcript.receive({ ...message, at: message.at_ms });
      this.latency.receive({ ...message, at: message.at_ms });
      this.duet.receive({ ...message, at: message.at_ms });
    }
    this.now = ms;
    this.transcript.changed();
    this.changed();
  }
}
