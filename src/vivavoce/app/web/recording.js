// Recordings of calls, made and kept in this browser only: sound as WAV, everything else as JSON.

import { Model, store, stored } from "./model.js";
import { header } from "./wav.js";

export const FORMAT = "vivavoce-page-recording";
const MOST_S = 60 * 60;
const MOST_EVENTS = 50_000;
const MOST_KEPT = 5;
/** Samples are handed over to the browser's blob store in pieces of this many bytes, so that memory stays small. */
const PIECE_BYTES = 1 << 21;

export class Recorder extends Model {
  on = stored("localStorage", "record", true);
  current = null;
  kept = [];

  turn(on) {
    this.on = on;
    store("localStorage", "record", on);
    if (!on) this.finish();
    this.changed();
  }

  begin() {
    if (this.on && !this.current) this.current = new Recording();
    this.changed();
  }

  finish(keep = true) {
    if (keep && this.current?.bytes) this.kept = [this.current, ...this.kept].slice(0, MOST_KEPT);
    this.current?.settle();
    this.current = null;
    this.changed();
  }

  hear(pcm, rate, at) {
    this.current?.hear(pcm, rate, at);
  }

  receive(message) {
    this.current?.receive(message);
  }

  discard(recording) {
    this.kept = this.kept.filter((other) => other !== recording);
    this.changed();
  }
}

export class Recording {
  started = new Date();
  rate = 0;
  bytes = 0;
  full = false;
  events = [];
  lostEvents = 0;
  #zero = null;
  #pieces = [];
  #open = [];
  #openBytes = 0;

  get seconds() {
    return this.rate ? this.bytes / 4 / this.rate : 0;
  }

  get name() {
    const two = (n) => String(n).padStart(2, "0");
    const d = this.started;
    return `vivavoce-${d.getFullYear()}${two(d.getMonth() + 1)}${two(d.getDate())}-` +
      `${two(d.getHours())}${two(d.getMinutes())}${two(d.getSeconds())}`;
  }

  /** Interleaved samples that ended at `at`. */
  hear(pcm, rate, at) {
    if (this.full) return;
    this.rate ||= rate;
    // The clock of the events begins with the first sample.
    this.#zero ??= at - (pcm.length / 2 / rate) * 1000;
    this.#open.push(pcm);
    this.#openBytes += pcm.byteLength;
    this.bytes += pcm.byteLength;
    if (this.#openBytes >= PIECE_BYTES) this.settle();
    this.full = this.seconds >= MOST_S;
  }

  receive({ channel, direction, event, at }) {
    if (this.events.length >= MOST_EVENTS) this.lostEvents += 1;
    else this.events.push({ at, channel, direction, event });
  }

  settle() {
    if (!this.#open.length) return;
    this.#pieces.push(new Blob(this.#open));
    this.#open = [];
    this.#openBytes = 0;
  }

  wav() {
    this.settle();
    return new Blob([header(this.rate, this.bytes), ...this.#pieces], { type: "audio/wav" });
  }

  json() {
    const zero = this.#zero ?? 0;
    const events = this.events.map(({ at, ...rest }) => ({ at_ms: Math.max(0, Math.round(at - zero)), ...rest }));
    const about = { format: FORMAT, version: 1, started: this.started.toISOString(), rate: this.rate,
      ms: Math.round(this.seconds * 1000), left: "microphone", right: "agent", lost_events: this.lostEvents };
    return new Blob([JSON.stringify({ ...about, events }, null, 1)], { type: "application/json" });
  }
}

export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
