// The last seconds of both voices as a picture, and with it two level meters; the same lanes for a whole recording.

import { LEVEL_MS } from "./audio.js";
import { calm, html, useEffect, useRef } from "./ui.js";

const SHOWN_MS = 12_000;
const MOST = 3000;
/** Quieter than any voice near a microphone; a room is quieter still. */
const VOICE = 0.004;

export class Levels {
  mic = [];
  agent = [];
  marks = [];
  at = 0;
  /** How long the microphone has given nothing, of a call in which it never gave anything: off, or the wrong one. */
  deadMs = 0;
  #alive = false;

  add(pairs, at) {
    for (let i = 0; i < pairs.length; i += 2) {
      this.mic.push(pairs[i]);
      this.agent.push(pairs[i + 1]);
      this.#alive ||= pairs[i] > VOICE;
      this.deadMs = this.#alive ? 0 : this.deadMs + LEVEL_MS;
    }
    for (const lane of [this.mic, this.agent]) if (lane.length > MOST) lane.splice(0, lane.length - MOST);
    this.at = at;
  }

  receive({ event, at }) {
    if (event.type === "connecting") Object.assign(this, { deadMs: 0 }).#alive = false;
    if (event.type !== "agent.voice") return;
    this.marks = [...this.marks.slice(-40), { at, action: event.action }];
  }

  clear() {
    Object.assign(this, { mic: [], agent: [], marks: [], at: 0, deadMs: 0 });
  }
}

/** Loudness as it is felt: -60 dB is nothing, -10 dB is all. */
function felt(level) {
  return level <= 0.001 ? 0 : Math.min(1, (20 * Math.log10(level) + 60) / 50);
}

/** Room below the lanes for the signs of what the agent did with its voice. */
const SIGNS = 15;

function sized(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height, lanes: [["mic", (height - SIGNS) * 0.26], ["agent", (height - SIGNS) * 0.76]], tall: (height - SIGNS) * 0.46 };
}

function colours(canvas) {
  const style = getComputedStyle(canvas);
  const of = (name) => style.getPropertyValue(name).trim();
  return { mic: of("--user"), agent: of("--agent"), line: of("--line"), ink: of("--ink"), soft: of("--ink-soft"), bad: of("--bad") };
}

function bar(pen, x, middle, width, height) {
  pen.beginPath();
  pen.roundRect(x, middle - height / 2, width, height, Math.min(width, height) / 2);
  pen.fill();
}

const GLYPHS = { duck: "▾", hold: "‖", resume: "▸", stop: "×" };

function mark(pen, x, height, { action }, ink) {
  pen.strokeStyle = action === "stop" ? ink.bad : ink.soft;
  pen.setLineDash([2, 3]);
  pen.beginPath();
  pen.moveTo(x, 0);
  pen.lineTo(x, height - SIGNS);
  pen.stroke();
  pen.setLineDash([]);
  pen.fillStyle = action === "stop" ? ink.bad : ink.ink;
  pen.font = "600 13px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.fillText(GLYPHS[action] ?? "", x, height - 3);
}

function drawLive(canvas, levels, now) {
  if (!canvas) return;
  const { pen, width, height, lanes, tall } = sized(canvas);
  const ink = colours(canvas);
  const step = 60, bars = Math.floor(SHOWN_MS / step), pitch = (width - 22) / bars;
  pen.strokeStyle = ink.line;
  for (const [, y] of lanes) {
    pen.beginPath();
    pen.moveTo(0, y);
    pen.lineTo(width - 22, y);
    pen.stroke();
  }
  // Bars stand on a fixed grid of time, so that they slide and do not flicker.
  const newest = Math.floor(now / step);
  for (let k = 0; k <= bars; k++) {
    const slot = newest - k, x = width - 22 - (now - slot * step) / step * pitch;
    for (const [lane, y] of lanes) {
      const level = felt(peak(levels[lane], levels.at, slot * step, step));
      if (!level) continue;
      pen.fillStyle = ink[lane];
      pen.globalAlpha = 0.35 + 0.65 * (1 - k / bars);
      bar(pen, x, y, Math.max(1.5, pitch * 0.62), Math.max(2, level * tall));
    }
  }
  pen.globalAlpha = 1;
  for (const [lane, y] of lanes) {
    const level = felt(Math.max(0, ...levels[lane].slice(-4)));
    pen.fillStyle = ink.line;
    bar(pen, width - 12, y, 8, tall);
    pen.fillStyle = ink[lane];
    if (level && now - levels.at < 500) bar(pen, width - 12, y, 8, Math.max(8, level * tall));
  }
  for (const one of levels.marks) {
    const x = width - 22 - ((now - one.at) / step) * pitch;
    if (x > 0) mark(pen, x, height, one, ink);
  }
}

/** The loudest level between `from` and `from + span`, of a lane whose newest value is of `at`. */
function peak(lane, at, from, span) {
  const last = lane.length - 1 - Math.floor((at - from - span) / LEVEL_MS);
  let most = 0;
  for (let i = Math.max(0, last - Math.ceil(span / LEVEL_MS) + 1); i <= last && i < lane.length; i++) most = Math.max(most, lane[i]);
  return most;
}

export function Ribbon({ levels, live }) {
  const canvas = useRef(null);
  useEffect(() => {
    let timer = 0, last = 0;
    const draw = (now) => {
      // Calm people see a picture that steps, not one that slides.
      if (!calm.matches || now - last > 250) {
        last = now;
        drawLive(canvas.current, levels, performance.now());
      }
      timer = live ? requestAnimationFrame(draw) : 0;
    };
    draw(performance.now());
    const again = new ResizeObserver(() => drawLive(canvas.current, levels, performance.now()));
    again.observe(canvas.current);
    return () => {
      cancelAnimationFrame(timer);
      again.disconnect();
    };
  }, [live]);
  return html`<div class="ribbon">
    <div class="lanes" aria-hidden="true"><span class="who user">You</span><span class="who agent">Agent</span></div>
    <canvas ref=${canvas} role="img" aria-label="Level of both voices over the last twelve seconds"></canvas>
  </div>`;
}

/** A whole recording, with the moment that is heard. */
export function drawWhole(canvas, playback) {
  if (!canvas) return;
  const { pen, width, height, lanes, tall } = sized(canvas);
  const ink = colours(canvas);
  const pitch = 3, bars = Math.floor(width / pitch), span = playback.length / bars;
  for (const [lane, y] of lanes) {
    for (let k = 0; k < bars; k++) {
      const from = Math.floor((k * span) / LEVEL_MS), to = Math.max(from + 1, Math.floor(((k + 1) * span) / LEVEL_MS));
      let most = 0;
      for (let i = from; i < to; i++) most = Math.max(most, playback[lane][i] ?? 0);
      pen.globalAlpha = k * span <= playback.now ? 1 : 0.4;
      pen.fillStyle = most ? ink[lane] : ink.line;
      bar(pen, k * pitch, y, 2, Math.max(1, felt(most) * tall));
    }
  }
  pen.globalAlpha = 1;
  for (const { at_ms, event } of playback.events) {
    if (event.type === "agent.voice") mark(pen, (at_ms / playback.length) * width, height, event, ink);
  }
  const x = (playback.now / playback.length) * width;
  pen.fillStyle = ink.ink;
  pen.fillRect(Math.min(width - 2, x), 0, 2, height);
}
