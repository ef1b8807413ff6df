// How long answers took: the reports of a call, percentiles over them, and what this browser itself heard.

import { Model } from "./model.js";

/** As in vivavoce/app/show.py: name -> [label, who works]. */
export const HOPS = {
  vad_off: ["voice detector hears silence", "listen"],
  stt_final: ["final words", "listen"],
  turn_decided: ["the turn is over", "decide"],
  llm_request: ["asked for an answer", "think"],
  llm_first_token: ["first words of the answer", "think"],
  first_speakable: ["first clause complete", "think"],
  tts_request: ["asked for speech", "speak"],
  tts_first_byte: ["first audio", "speak"],
  released: ["floor is free", "decide"],
  first_audible: ["heard", "speak"],
};

/** A hop in words: also one of a duet, and one that is not known here. */
export const hopLabel = (name) => HOPS[name]?.[0] ?? name.replaceAll("_", " ");

const MOST = 500;
const MOST_GAP_MS = 15_000;

export class Latency extends Model {
  reports = [];
  /** The turn that is looked at; the newest one while nobody chose. */
  chosen = null;
  #stoppedAt = null;
  #ours = false;
  #number = 0;
  ear = new Ear();

  clear() {
    this.reports = [];
    this.chosen = null;
    this.changed();
  }

  receive({ channel, event, at }) {
    if (channel === "vivavoce" && event.type === "call.started") this.#ours = true;
    if (channel === "vivavoce" && event.type === "report") {
      const ear_ms = this.ear.take();
      this.#add({ ...event, at, ear_ms: event.gap_ms === null ? null : ear_ms });
    }
    // A server that reports nothing can still be timed from outside.
    else if (event.type === "input_audio_buffer.speech_stopped") this.#stoppedAt = at;
    else if (event.type === "output_audio_buffer.started" && !this.#ours && this.#stoppedAt !== null) {
      const gap = Math.round(at - this.#stoppedAt);
      this.#stoppedAt = null;
      this.#add({ at, gap_ms: gap, hops: {}, cost: null, usage: {}, why: [], measured: true, ear_ms: null });
    } else if (event.type === "connecting") this.#ours = false;
  }

  /** Both levels at a moment. Where nothing is reported, the gap at the ear belongs to the answer that just began. */
  hear(mic, agent, at, ms) {
    this.ear.hear(mic, agent, at, ms);
    const last = this.reports.at(-1);
    if (last?.measured && last.ear_ms === null && this.ear.gap !== null) last.ear_ms = this.ear.take();
  }

  get shown() {
    return this.reports.find((report) => report.number === this.chosen) ?? this.timed.at(-1) ?? null;
  }

  get timed() {
    return this.reports.filter((report) => report.gap_ms !== null && report.gap_ms !== undefined);
  }

  choose(number) {
    this.chosen = number;
    this.changed();
  }

  summary() {
    const gaps = this.timed.map((report) => report.gap_ms);
    const costs = this.reports.map((report) => report.cost).filter((cost) => cost !== null && cost !== undefined);
    return {
      turns: this.reports.filter((report) => report.turn || report.measured).length,
      interrupted: this.reports.filter((report) => report.interrupted).length,
      p50: percentile(gaps, 50),
      p90: percentile(gaps, 90),
      p95: percentile(gaps, 95),
      most: gaps.length ? Math.max(...gaps) : null,
      overhead: percentile(this.reports.map((r) => r.overhead_ms).filter((ms) => ms !== null && ms !== undefined), 95),
      ear: percentile(this.reports.map((r) => r.ear_ms).filter((ms) => ms !== null && ms !== undefined), 50),
      cost: costs.length ? costs.reduce((sum, cost) => sum + cost, 0) : null,
      unpriced: costs.length < this.reports.length,
    };
  }

  #add(report) {
    this.reports = [...this.reports.slice(1 - MOST), { ...report, number: ++this.#number }];
    this.changed();
  }
}

/** The smallest value that at least `p` per cent of the values do not exceed; null of none. */
export function percentile(values, p) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)];
}

/** Where each hop begins and ends on the common line, in ms after the caller's last sound. */
export function waterfall(report) {
  let at = 0;
  const rows = Object.entries(report.hops ?? {}).map(([name, ms]) => {
    const [label, kind] = HOPS[name] ?? [name, "decide"];
    const row = { name, label, kind, ms, from: Math.min(at, at + ms), to: Math.max(at, at + ms), ahead: ms < 0 };
    at += ms;
    return row;
  });
  const low = Math.min(0, ...rows.map((row) => row.from));
  return { rows, low, high: Math.max(low + 1, report.gap_ms ?? 0, ...rows.map((row) => row.to)) };
}

/** The gap as it is heard: from the last loud moment of the microphone to the first of the agent. */
export class Ear {
  #floor = 0.004;
  #loud = 0;
  #lastVoice = null;
  /** When the caller began to speak, and had stopped before that. */
  #began = 0;
  #before = null;
  #agentQuiet = 1000;
  gap = null;

  /** One pair of levels, `at` ms. */
  hear(mic, agent, at, ms) {
    // The floor follows the room: down at once, up slowly.
    this.#floor = mic < this.#floor ? mic : Math.min(0.02, this.#floor * 1.002 + 1e-6);
    const voiced = mic > Math.max(0.012, this.#floor * 4) && agent < mic * 2;
    this.#loud = voiced ? this.#loud + ms : Math.max(0, this.#loud - ms / 2);
    if (voiced && this.#loud >= 100) {
      if (this.#lastVoice === null || at - this.#lastVoice > 300) [this.#before, this.#began] = [this.#lastVoice, at];
      this.#lastVoice = at;
    }
    if (agent > 0.006) {
      if (this.#agentQuiet >= 300) this.#answered(at);
      this.#agentQuiet = 0;
    } else this.#agentQuiet += ms;
  }

  #answered(at) {
    const quiet = this.#lastVoice !== null && at - this.#lastVoice >= 60;
    // Whoever has just begun again is answered for what was said before; an answer amid speech has no gap.
    const end = quiet ? this.#lastVoice : at - this.#began < 500 ? this.#before : null;
    if (end === null || at - end > MOST_GAP_MS) return;
    this.gap = Math.round(at - end);
    this.#lastVoice = quiet ? null : this.#lastVoice;
    this.#before = null;
  }

  take() {
    const gap = this.gap;
    this.gap = null;
    return gap;
  }
}
