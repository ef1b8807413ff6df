// The time line of a duet: a lane for each voice, the person between them, and the gap in ms where one hands over.

import { useModels } from "./model.js";
import { calm, clock, html, useEffect, useRef, useState } from "./ui.js";

const PX_PER_MS = 0.04;
const PITCH = 4;
/** Right of the newest, so that it does not stick to the edge. */
const ROOM = 36;
const NEAR = 40;
/** Heights: a lane, the strip between both, the seconds below. */
const LANE = 62, STRIP = 30, AXIS = 18;
export const HEIGHT = 2 * LANE + STRIP + AXIS;
const MIDDLE = { a: LANE / 2, b: LANE + STRIP + LANE / 2 };
/** So many of the newest turns have labels of their own; older ones keep their waves. */
const LABELS = 200;

/** `now()`: on the clock of the messages. */
export function Timeline({ duet, now }) {
  useModels(duet);
  const box = useRef(null), inner = useRef(null), canvas = useRef(null), follow = useRef(true);
  const placed = useRef(0);
  const [behind, setBehind] = useState(false);
  const running = duet.state === "running";
  const draw = () => {
    if (!box.current) return;
    if (follow.current && box.current.scrollLeft < placed.current - NEAR) {
      // Somebody scrolled back, and the browser has not told it yet.
      follow.current = false;
      setBehind(true);
    }
    const head = duet.head(now());
    inner.current.style.width = `${Math.max(box.current.clientWidth, head * PX_PER_MS + ROOM)}px`;
    if (follow.current) box.current.scrollLeft = inner.current.offsetWidth;
    placed.current = box.current.scrollLeft;
    paint(canvas.current, duet, head, box.current.scrollLeft);
    for (const lane of ["a", "b"]) box.current.parentElement.querySelector(`.seat.${lane}`)?.classList.toggle("sounds", duet.sounds(lane, now()));
  };
  useEffect(() => {
    let timer = 0, last = 0;
    const frame = (time) => {
      // Calm people see a picture that steps, not one that slides.
      if (!calm.matches || time - last > 250) {
        last = time;
        draw();
      }
      timer = requestAnimationFrame(frame);
    };
    if (running) timer = requestAnimationFrame(frame);
    const again = new ResizeObserver(draw);
    again.observe(box.current);
    return () => {
      cancelAnimationFrame(timer);
      again.disconnect();
    };
  }, [running, duet]);
  useEffect(draw);
  const onscroll = () => {
    const { scrollLeft, scrollWidth, clientWidth } = box.current;
    follow.current = scrollLeft + clientWidth >= scrollWidth - NEAR;
    setBehind(!follow.current);
    draw();
  };
  const newest = () => {
    follow.current = true;
    setBehind(false);
    draw();
  };
  return html`<div class="timeline" style=${{ height: `${HEIGHT + 12}px` }}>
    <canvas ref=${canvas} style=${{ height: `${HEIGHT}px` }} aria-hidden="true"></canvas>
    <div class="scroll" ref=${box} onscroll=${onscroll} tabindex="0" role="region" aria-label="Time line of both voices">
      <div class="whole" ref=${inner}><${Labels} duet=${duet} /></div>
    </div>
    ${duet.seats.map(({ name }, n) => html`<span key=${name} class=${`seat ${"ab"[n]}`} style=${{ top: `${MIDDLE["ab"[n]]}px` }}>
      <span class="dot" aria-hidden="true"></span>${name}</span>`)}
    ${behind && html`<button type="button" class="newest" onclick=${newest}>Newest</button>`}
  </div>`;
}

/** What is written on it; markup, so that it can be read aloud and enlarged. */
function Labels({ duet }) {
  const turns = duet.turns.slice(-LABELS);
  return html`<ol class="labels" aria-label="Turns">${turns.map((turn, n) => {
    const before = turns[n - 1], handed = before ? (before.to + turn.from) / 2 : turn.from;
    return html`<li key=${turn.turn}>
      <span class="sr">Turn ${turn.turn}, ${turn.speaker}, at ${clock(turn.from)}: </span>
      ${turn.gap_ms !== null && html`<span class=${turn.slow ? "gap late" : "gap"} style=${{ left: at(handed), top: `${LANE + 4}px` }}>${pill(turn.gap_ms)}</span>`}
      ${turn.interrupted && html`<span class=${`cutoff ${turn.lane}`} style=${{ left: at(turn.to), top: `${MIDDLE[turn.lane] - 10}px` }}><span aria-hidden="true">×</span><span class="sr">interrupted</span></span>`}
    </li>`;
  })}</ol>
  <ol class="labels" aria-label="You">${duet.person.map(({ from, to }) => html`<li key=${from}>
    <span class="you" style=${{ left: at(from), top: `${LANE + 4}px` }}>You<span class="sr"> at ${clock(from)}${to === null && ", now"}</span></span></li>`)}</ol>`;
}

const at = (ms) => `${ms * PX_PER_MS}px`;
const pill = (ms) => `${ms < 0 ? `−${-ms}` : ms} ms`;

function paint(canvas, duet, head, left) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth;
  for (const [side, size] of [["width", width], ["height", HEIGHT]]) {
    if (canvas[side] !== Math.round(size * ratio)) canvas[side] = Math.round(size * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, HEIGHT);
  const style = getComputedStyle(canvas), ink = (name) => style.getPropertyValue(`--${name}`).trim();
  const x = (ms) => ms * PX_PER_MS - left;
  seconds(pen, x, left, width, ink);
  for (const turn of duet.turns) if (x(turn.to) > 0 && x(turn.from) < width) block(pen, x, turn, ink);
  for (const lane of ["a", "b"]) {
    const from = duet.open[lane];
    if (from !== null && duet.state === "running" && head - duet.waves[lane].end < 500) block(pen, x, { from, to: duet.waves[lane].end, lane }, ink);
  }
  for (const lane of ["a", "b"]) wave(pen, duet.waves[lane], MIDDLE[lane], left, Math.min(width, x(head)), ink(lane));
  for (const { from, to } of duet.person) speech(pen, x(from), x(to ?? head), ink);
  if (duet.state !== "running") return;
  pen.fillStyle = ink("line-strong");
  pen.fillRect(x(head), 0, 1.5, HEIGHT - AXIS);
}

function seconds(pen, x, left, width, ink) {
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "center";
  const every = 1000, first = Math.floor(left / PX_PER_MS / every);
  for (let s = first; x(s * every) < width; s++) {
    const five = s % 5 === 0;
    pen.fillStyle = ink("line");
    pen.fillRect(x(s * every), five ? 0 : HEIGHT - AXIS, 1, five ? HEIGHT - AXIS + 4 : 3);
    pen.fillStyle = ink("ink-soft");
    if (five) pen.fillText(clock(s * every), Math.max(14, x(s * every)), HEIGHT - 3);
  }
  pen.fillStyle = ink("line");
  pen.fillRect(0, HEIGHT - AXIS, width, 1);
}

/** One turn: its extent in its lane, and a line where it ended, red where it was cut. */
function block(pen, x, { from, to, lane, interrupted }, ink) {
  const top = MIDDLE[lane] - LANE / 2 + 3, tall = LANE - 6;
  pen.fillStyle = ink(`${lane}-soft`);
  pen.beginPath();
  pen.roundRect(x(from), top, Math.max(2, x(to) - x(from) - 1), tall, 8);
  pen.fill();
  pen.fillStyle = ink(interrupted ? "bad" : "line-strong");
  if (interrupted) pen.fillRect(x(to) - 1, top, 2, tall);
}

function wave(pen, voice, middle, left, right, colour) {
  pen.fillStyle = colour;
  const step = PITCH / PX_PER_MS;
  // Bars stand on a fixed grid of time, so that they slide and do not flicker.
  for (let slot = Math.max(0, Math.floor(left / PITCH)); slot * PITCH - left < right; slot++) {
    const peak = voice.peak(slot * step, (slot + 1) * step);
    if (!peak) continue;
    const tall = Math.max(2, peak ** 0.7 * (LANE - 14));
    pen.beginPath();
    pen.roundRect(slot * PITCH - left, middle - tall / 2, PITCH - 1.4, tall, 1.3);
    pen.fill();
  }
}

function speech(pen, from, to, ink) {
  pen.fillStyle = ink("user-soft");
  pen.beginPath();
  pen.roundRect(from, LANE + 3, Math.max(4, to - from), STRIP - 6, 6);
  pen.fill();
  pen.strokeStyle = ink("user");
  pen.lineWidth = 1.5;
  pen.stroke();
}
