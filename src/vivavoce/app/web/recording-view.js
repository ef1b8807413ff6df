// Recordings: of this page's calls, and one that is opened again.

import { useModels } from "./model.js";
import { open } from "./playback.js";
import { download } from "./recording.js";
import { drawWhole } from "./ribbon.js";
import { ACTIONS } from "./transcript-view.js";
import { clock, html, Icon, useEffect, useRef, useState } from "./ui.js";

export function RecordingView({ recorder, playback, onPlayback, canOpen }) {
  useModels(recorder);
  return playback ? html`<${Player} playback=${playback} onClose=${() => onPlayback(null)} />`
    : html`<${Shelf} recorder=${recorder} onPlayback=${onPlayback} canOpen=${canOpen} />`;
}

function Shelf({ recorder, onPlayback, canOpen }) {
  const [fault, setFault] = useState("");
  const show = async (files) => {
    setFault("");
    try {
      onPlayback(await open([...files]));
    } catch (error) {
      setFault(error.message);
    }
  };
  const look = (one) => show([new File([one.wav()], `${one.name}.wav`), new File([one.json()], `${one.name}.json`)]);
  const drop = (event) => {
    event.preventDefault();
    if (canOpen) show(event.dataTransfer.files);
  };
  return html`<div class="recording" ondragover=${(e) => e.preventDefault()} ondrop=${drop}>
    <label class="check"><input type="checkbox" checked=${recorder.on} onchange=${(e) => recorder.turn(e.target.checked)} /> Record calls in this browser</label>
    <p class="fine">Your voice left, the agent's right, with every event and its time. Nothing leaves this page unless you save it; it is gone when the page is closed.</p>
    ${recorder.current && html`<p class="running"><span class="dot" aria-hidden="true"></span> Recording${recorder.current.full && ": an hour is full, sound has stopped"}</p>`}
    <ul class="kept">${recorder.kept.map((one) => html`<li key=${one.name}>
      <div><b>${one.started.toLocaleTimeString()}</b> <span class="fine">${clock(one.seconds * 1000)}, ${one.events.length} events, ${(one.bytes / 1e6).toFixed(1)} MB</span></div>
      <div class="row">
        <button type="button" class="quiet small" onclick=${() => download(one.wav(), `${one.name}.wav`)}><${Icon} name="save" /> WAV</button>
        <button type="button" class="quiet small" onclick=${() => download(one.json(), `${one.name}.json`)}><${Icon} name="save" /> JSON</button>
        <button type="button" class="quiet small" disabled=${!canOpen} onclick=${() => look(one)}><${Icon} name="play" /> Look at it</button>
        <button type="button" class="quiet small" onclick=${() => recorder.discard(one)}>Discard</button>
      </div></li>`)}</ul>
    ${!recorder.kept.length && !recorder.current && html`<p class="fine">Calls are listed here when they are over.</p>`}
    <h2>Open a recording</h2>
    <label class=${canOpen ? "drop" : "drop off"}><${Icon} name="open" /> <span>${canOpen ? "Choose its .wav and its .json, or drop them here" : "After the call that is running"}</span>
      <input type="file" class="sr" multiple accept=".wav,.json,audio/wav,application/json" disabled=${!canOpen} onchange=${(e) => show(e.target.files)} /></label>
    ${fault && html`<p class="verdict bad" role="alert">${fault}</p>`}
  </div>`;
}

function Player({ playback, onClose }) {
  useModels(playback);
  const canvas = useRef(null);
  useEffect(() => drawWhole(canvas.current, playback));
  useEffect(() => {
    const again = new ResizeObserver(() => drawWhole(canvas.current, playback));
    again.observe(canvas.current);
    return () => again.disconnect();
  }, [playback]);
  const click = (event) => {
    const box = canvas.current.getBoundingClientRect();
    playback.seek(((event.clientX - box.left) / box.width) * playback.length);
  };
  const turns = playback.events.filter(({ event }) => MARKED[event.type]?.(event));
  return html`<div class="recording">
    <div class="row spread"><b>${playback.started ? new Date(playback.started).toLocaleString() : "Recording"}</b>
      <button type="button" class="quiet small" onclick=${onClose}>Close</button></div>
    <canvas class="whole" ref=${canvas} onclick=${click} role="img" aria-label="Both voices over the whole call"></canvas>
    <input type="range" min="0" max=${Math.round(playback.length)} step="50" value=${Math.round(playback.now)} aria-label="Moment of the recording"
      aria-valuetext=${clock(playback.now)} oninput=${(e) => playback.seek(Number(e.target.value))} />
    <div class="row spread">
      <button type="button" class="strong" disabled=${!playback.url} onclick=${() => (playback.playing ? playback.pause() : playback.play())}>
        <${Icon} name=${playback.playing ? "pause" : "play"} /> ${playback.playing ? "Pause" : "Play"}</button>
      <span class="fine">${clock(playback.now)} of ${clock(playback.length)}</span></div>
    ${!playback.url && html`<p class="fine">Without its .wav file a recording is silent.</p>`}
    <ol class="moments" aria-label="Moments: choose one to go there">${turns.map((one, n) => html`<li key=${n}>
      <button type="button" class="line" aria-current=${one.at_ms <= playback.now && (turns[n + 1]?.at_ms ?? Infinity) > playback.now ? "true" : undefined}
          onclick=${() => playback.seek(one.at_ms)}><span class="at">${clock(one.at_ms)}</span> ${MARKED[one.event.type](one.event)}</button></li>`)}</ol>
    <p class="fine">Conversation, latency and events show this recording too.</p>
  </div>`;
}

/** The moments that people look for: event -> what to say of it, or nothing. */
const MARKED = {
  "user.words": (e) => e.final && `You: ${e.text}`,
  "user.dropped": (e) => `No turn: ${e.text || e.why}`,
  "agent.voice": (e) => `Agent ${ACTIONS[e.action]?.[1] ?? e.action}: ${e.says || e.why}`,
  "reply.closed": (e) => (e.heard || e.ending === "failed") && `Agent${{ cut: ", interrupted", failed: ", failed" }[e.ending] ?? ""}: ${e.heard}`,
  tool: (e) => e.state !== "started" && `Tool ${e.name}: ${e.state}`,
};
