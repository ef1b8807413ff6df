// The raw protocol, both ways, in bounded memory.

import { Model } from "./model.js";

const MOST_TEXT = 20_000;
/** What comes many times a second, and hides the rest. */
const FREQUENT = /\.delta$|^reply\.playing$|^reply\.words$|^duet\.wave$|^user\.words$/;

export class EventLog extends Model {
  all = [];
  dropped = 0;
  paused = false;
  filter = "";
  channels = { oai: true, vivavoce: true };
  frequent = false;
  #frozen = null;
  #number = 0;
  #base = null;

  constructor(most = 2000) {
    super();
    this.most = most;
  }

  receive({ channel, direction, event, at }) {
    this.#base ??= at;
    this.all.push({ number: ++this.#number, channel, direction, type: event.type, event, ms: at - this.#base });
    if (this.all.length > this.most) {
      this.all.shift();
      this.dropped += 1;
    }
    if (!this.paused) this.changed();
  }

  /** Those that the filter lets through, oldest first. */
  get shown() {
    const words = this.filter.toLowerCase().split(/\s+/).filter(Boolean);
    return (this.#frozen ?? this.all).filter((entry) => {
      if (entry.channel in this.channels && !this.channels[entry.channel]) return false;
      if (!this.frequent && FREQUENT.test(entry.type)) return false;
      if (!words.length) return true;
      const text = `${entry.type} ${compact(entry.event)}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  set(change) {
    Object.assign(this, change);
    this.#frozen = this.paused ? (this.#frozen ?? [...this.all]) : null;
    this.changed();
  }

  clear() {
    this.all = [];
    this.dropped = 0;
    if (this.paused) this.#frozen = [];
    this.changed();
  }
}

/** One line of JSON. */
export function compact(event) {
  return JSON.stringify(event).slice(0, MOST_TEXT);
}

/** One event a line, as people paste it into a report. */
export function asLines(entries) {
  return entries.map(({ ms, channel, direction, event }) =>
    JSON.stringify({ at_ms: Math.round(ms), channel, direction, event })).join("\n");
}
