// A duet as its messages tell it: who sits where, both voices on one clock, every turn with its gap, what it costs.

import { Model } from "./model.js";

/** One value of a voice on the time line. */
export const STEP_MS = 20;
/** A gap from which on it is told which hop was slow. */
export const LATE_MS = 250;
const MOST_TURNS = 1000;
/** Nothing of a voice for so long: it does not sound any more. */
const SILENT_MS = 250;
/** Longer than any pause within an answer: what comes then is another one. */
const PAUSE_MS = 1500;
/** The same, of a person. */
const BREATH_MS = 500;

export class Duet extends Model {
  /** idle, asked (the server has not agreed yet), running, over */
  state = "idle";
  /** What the person said of the request or change that was sent last, by field: {state: sent | applied | refused, text}. */
  notes = {};
  #asked = new Map();

  constructor() {
    super();
    this.#forget();
  }

  /** Is it on its way, or does it run? */
  get pending() {
    return this.state === "asked" || this.state === "running";
  }

  clear() {
    this.state = "idle";
    this.notes = {};
    this.#forget();
    this.changed();
  }

  /** Back to the form; what was told before stays until the next one begins. */
  leave() {
    if (!this.pending) this.state = "idle";
    this.notes = {};
    this.changed();
  }

  /** A fault that was found before anything was sent. */
  note(field, state, text) {
    this.notes = { ...this.notes, [field]: { state, text } };
    this.changed();
  }

  /** Take one message; `at` in ms, of the clock that `head` is asked with. */
  receive({ channel, direction, event, at }) {
    const from = channel === "oai" ? (direction === "out" ? "sent" : "answered") : channel === "vivavoce" ? "told" : "page";
    const act = TAKES[from][event.type];
    // Whatever comes last bounds how late messages are, so that the clocks are told apart from the network.
    if (from === "told" && event.at_ms > 0) this.skew = Math.min(this.skew, at - event.at_ms);
    if (!act) return;
    act(this, event, at);
    this.changed();
  }

  /** Ms since the duet began, of the newest that there is to show. */
  head(now) {
    const sound = Math.max(this.waves.a.end, this.waves.b.end, this.turns.at(-1)?.to ?? 0);
    if (this.state !== "running" || !Number.isFinite(this.skew)) return sound;
    return Math.max(sound, now - this.skew - this.origin);
  }

  /** The lane of the voice that sounded last, while it runs. */
  get speaking() {
    if (this.state !== "running") return null;
    return this.waves.a.end > this.waves.b.end ? "a" : "b";
  }

  /** The lane of a speaker: a, b, or null for who has no seat. */
  lane(name) {
    return this.lanes.get(name) ?? null;
  }

  /** Does a voice sound just now? */
  sounds(lane, now) {
    return this.state === "running" && this.head(now) - this.waves[lane].end < SILENT_MS;
  }

  /** Of what there is so far: gaps in ms. */
  summary() {
    const gaps = this.turns.map((turn) => turn.gap_ms).filter((gap) => gap !== null).sort((x, y) => x - y);
    return {
      turns: this.turns.length,
      cut: this.turns.filter((turn) => turn.interrupted).length,
      median: gaps[Math.floor(gaps.length / 2)] ?? null,
      longest: gaps.at(-1) ?? null,
    };
  }

  begin(at) {
    this.#forget();
    this.state = "asked";
    this.beganAt = at;
  }

  begun(event) {
    if (this.state !== "running") this.origin = event.at_ms;
    this.state = "running";
    Object.assign(this, { seats: event.seats, topic: event.topic, asked: event.turns, estimate: event.estimate });
    event.seats.forEach(({ name }, n) => this.lanes.set(name, "ab"[n]));
    // Requests are answered in order: this is the answer to the oldest.
    const [id, field] = this.#asked.entries().next().value ?? [];
    if (!id) return;
    this.#asked.delete(id);
    this.note(field, "applied", "taken up");
  }

  request(id, field) {
    this.#asked.set(id, field);
    this.note(field, "sent", "");
  }

  refused(id, text) {
    const field = this.#asked.get(id);
    if (!field) return;
    this.#asked.delete(id);
    if (field === "begin") this.state = "idle";
    this.note(field, "refused", text);
  }

  end(at) {
    if (this.state === "running") this.#hush(at - this.skew);
    if (this.pending) this.state = this.state === "running" ? "over" : "idle";
    this.#asked.clear();
  }

  wave({ speaker, at_ms, step_ms, peaks }) {
    const lane = this.lane(speaker);
    if (!lane) return;
    const from = at_ms - this.origin;
    if (from - this.waves[lane].end > PAUSE_MS) this.open[lane] = null;
    this.open[lane] ??= from;
    this.waves[lane].add(from, step_ms, peaks);
  }

  turn({ speaker, start_ms, end_ms, agent_text: text, ...facts }) {
    const lane = this.lane(speaker);
    // What a person says has no place on the samples; when they spoke is known from the floor.
    if (!lane) return;
    this.open[lane] = null;
    const times = { from: start_ms - this.origin, to: end_ms - this.origin };
    this.turns = [...this.turns, { ...facts, ...times, speaker, lane, text, slow: slowest(facts) }].slice(-MOST_TURNS);
  }

  floor({ floor, at_ms }) {
    if (this.state !== "running") return;
    const speaks = floor === "user" || floor === "both";
    const last = this.person.at(-1), now = at_ms - this.origin;
    if (!speaks) this.#hush(at_ms);
    // A breath between two words does not make two of one.
    else if (last && (last.to === null || now - last.to < BREATH_MS)) last.to = null;
    else this.person.push({ from: now, to: null });
  }

  #hush(at_ms) {
    const last = this.person.at(-1);
    if (last?.to === null) last.to = at_ms - this.origin;
  }

  #forget() {
    Object.assign(this, {
      seats: [], topic: "", asked: 0, estimate: null, costs: null, turns: [], beganAt: 0, origin: 0,
      /** Why it ended, as the server says; empty where it did not say. */
      reason: "",
      /** Name -> a or b; names that have left keep theirs. */
      lanes: new Map(),
      waves: { a: new Wave(), b: new Wave() },
      /** Since when each has the word; null for who does not, or did. */
      open: { a: null, b: null },
      /** When the person spoke: [{from, to}], the last one open while they do. */
      person: [],
    });
    this.#asked.clear();
    this.skew ??= Infinity;
  }
}

/** One voice: its peaks, one a step, from the beginning of the duet. */
export class Wave {
  #peaks = new Float32Array(1500);
  /** Ms up to which something is known. */
  end = 0;

  add(at, step, peaks) {
    const last = Math.max(0, Math.ceil((at + peaks.length * step) / STEP_MS));
    if (last > this.#peaks.length) {
      const more = new Float32Array(Math.max(last, 2 * this.#peaks.length));
      more.set(this.#peaks);
      this.#peaks = more;
    }
    peaks.forEach((peak, n) => {
      const slot = Math.round((at + n * step) / STEP_MS);
      if (slot >= 0) this.#peaks[slot] = Math.max(this.#peaks[slot], peak);
    });
    this.end = Math.max(this.end, at + peaks.length * step);
  }

  /** The loudest between two moments. */
  peak(from, to) {
    let most = 0;
    const last = Math.min(this.#peaks.length, Math.ceil(to / STEP_MS));
    for (let slot = Math.max(0, Math.floor(from / STEP_MS)); slot < last; slot++) most = Math.max(most, this.#peaks[slot]);
    return most;
  }
}

/** The hop of a late answer that took the longest: {name, ms}; null where it was not late, or none is known. */
export function slowest({ gap_ms, hops }) {
  if (gap_ms === null || gap_ms < LATE_MS) return null;
  return hops.reduce((most, hop) => (hop.ms > (most?.ms ?? 0) ? hop : most), null);
}

const TAKES = {
  sent: {
    "vivavoce.duet.begin": (duet, event, at) => {
      duet.begin(at);
      duet.request(event.event_id, "begin");
    },
    "vivavoce.duet.update": (duet, { event_id, type, ...change }) => duet.request(event_id, Object.keys(change)[0]),
  },
  answered: { error: (duet, { error }) => duet.refused(error.event_id, error.message) },
  told: {
    "call.started": (duet) => void (duet.skew = Infinity),
    "duet.begun": (duet, event) => duet.begun(event),
    "duet.wave": (duet, event) => duet.wave(event),
    "duet.turn": (duet, event) => duet.turn(event),
    "duet.costs": (duet, event) => void (duet.costs = event),
    "duet.over": (duet, event) => void (duet.reason = event.reason),
    floor: (duet, event) => duet.floor(event),
  },
  page: { ended: (duet, event, at) => duet.end(at), lost: (duet, event, at) => duet.end(at) },
};
