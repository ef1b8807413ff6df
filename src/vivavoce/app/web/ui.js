// What every view uses: markup, icons, times.

import { h, render } from "./vendor/preact.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/hooks.js";
import htm from "./vendor/htm.js";

export const html = htm.bind(h);
export { render, useEffect, useLayoutEffect, useRef, useState };

/** Strokes on a 24 x 24 grid. */
const ICONS = {
  call: "M5 4h4l2 5-2.500 1.500a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2",
  end: "M3 14.500c5.500-5.300 12.500-5.300 18 0l-2.200 2.700-4-1.600v-2.900a10 10 0 0 0-5.600 0v2.900l-4 1.600z",
  mic: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3M5.500 11a6.500 6.500 0 0 0 13 0M12 17.500V21",
  muted: "M9 9v2a3 3 0 0 0 4.700 2.500M15 10.500V6a3 3 0 0 0-5.800-1M5.500 11a6.500 6.500 0 0 0 10 5.500M18.500 11a6 6 0 0 1-.6 2.700M12 17.500V21M4 4l16 16",
  stop: "M7 7h10v10H7z",
  send: "M5 12h13M12.500 6l6 6-6 6",
  device: "M4 14v-2a8 8 0 0 1 16 0v2M4 14h3v6H5a1 1 0 0 1-1-1zM20 14h-3v6h2a1 1 0 0 0 1-1z",
  hand: "M12 3v10M8 9l4 4 4-4M5 20h14",
  duck: "M4 8l8 8 8-8",
  hold: "M8 6v12M16 6v12",
  resume: "M8 5l11 7-11 7z",
  cut: "M6 6l12 12M18 6L6 18",
  tool: "M14.500 6.500a4 4 0 0 0 4.900 4.900L12 18.800a2.700 2.700 0 0 1-3.800-3.800l7.400-7.400zM14.500 6.500l2-2",
  play: "M8 5l11 7-11 7z",
  pause: "M8 6v12M16 6v12",
  save: "M12 4v11M7 10.500l5 5 5-5M5 20h14",
  open: "M4 19V6h5l2 2h9v11z",
  copy: "M9 9h10v11H9zM5 15V4h10",
  alert: "M12 4l9 16H3zM12 10v4.500M12 17.200v.3",
  talk: "M4 5h16v11H10l-5 4v-4H4z",
  latency: "M5 6h6M9 12h8M14 18h5",
  agent: "M12 4a4 4 0 0 1 0 8 4 4 0 0 1 0-8M4.500 20a7.500 7.500 0 0 1 15 0",
  events: "M8 6l-5 6 5 6M16 6l5 6-5 6",
  duet: "M3 5h11v8H8l-3 3v-3H3zM17 9h4v8h-2v3l-3-3h-5v-1",
  steer: "M5 6h14M5 12h14M5 18h14M9 4v4M15 10v4M8 16v4",
  record: "M12 5a7 7 0 1 0 .01 0M12 10a2 2 0 1 0 .01 0",
};

export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${ICONS[name]} /></svg>`;
}

/** USD, with as many places as tell something; null has no price. */
export function money(usd) {
  if (usd === null || usd === undefined) return "not priced";
  return `$${usd === 0 ? "0" : usd < 0.01 ? usd.toFixed(5) : usd.toFixed(3)}`;
}

/** The silence before an answer: negative where it begins over the end of the one before. */
export const gapText = (ms) => (ms < 0 ? `overlap −${-ms} ms` : `gap ${ms} ms`);

/** 83000 -> "1:23" */
export function clock(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** 83456 -> "1:23.456" */
export function stamp(ms) {
  return `${clock(ms)}.${String(Math.floor(Math.max(0, ms) % 1000)).padStart(3, "0")}`;
}

export const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

/** Does a media query hold just now? */
export function useMedia(query) {
  const [holds, setHolds] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const media = window.matchMedia(query);
    const look = () => setHolds(media.matches);
    media.addEventListener("change", look);
    return () => media.removeEventListener("change", look);
  }, [query]);
  return holds;
}

/** Draw again every `ms` while `on`. */
export function useTicks(on, ms) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!on) return undefined;
    const timer = setInterval(() => tick((n) => n + 1), ms);
    return () => clearInterval(timer);
  }, [on, ms]);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A button that says for a moment that it has copied. */
export function CopyButton({ text, label = "Copy", small = false }) {
  const [done, setDone] = useState("");
  const onclick = async () => {
    setDone((await copy(text())) ? "Copied" : "Not allowed");
    setTimeout(() => setDone(""), 1500);
  };
  return html`<button type="button" class=${small ? "quiet small" : "quiet"} onclick=${onclick}>
    <${Icon} name="copy" /> <span aria-live="polite">${done || label}</span>
  </button>`;
}
