// The page as a whole: what there is, and where it stands.

import { AgentView } from "./agent-view.js";
import { Dock } from "./dock.js";
import { DuetDesk } from "./duet-desk.js";
import { DuetView } from "./duet-view.js";
import { EventsView } from "./events-view.js";
import { LatencyView } from "./latency-view.js";
import { useModels } from "./model.js";
import { ProblemView } from "./problem-view.js";
import { RecordingView } from "./recording-view.js";
import { TranscriptView } from "./transcript-view.js";
import { clock, html, Icon, useMedia, useRef, useState, useTicks } from "./ui.js";

const FLOORS = { nobody: "Nobody speaks", user: "You speak", agent: "The agent speaks", both: "Both speak" };
const STATES = { idle: "Not connected", connecting: "Connecting", live: "Connected", retrying: "Reconnecting" };
/** What fills the main part; the other tabs stand beside it. */
const STAGES = [["talk", "Talk"], ["duet", "Duet"]];
const TABS = [...STAGES, ["latency", "Latency"], ["agent", "Agent"], ["events", "Events"], ["record", "Recording"]];

export function App({ desk }) {
  const { call, settings, recorder, playback } = desk;
  useModels(desk, call);
  const [tab, choose] = useState("talk");
  const [stage, setStage] = useState("talk");
  const wide = useMedia("(min-width: 900px)");
  const setTab = (name) => {
    choose(name);
    if (STAGES.some(([one]) => one === name)) setStage(name);
  };
  const { latency, log, duet } = playback ?? desk;
  const shown = tab === "talk" ? "latency" : tab;
  const onSeek = playback ? (ms) => playback.seek(ms) : null;
  const front = tab === stage ? "stage" : "panel";
  return html`<div class="app" data-front=${front} data-stage=${stage}>
    <a class="skip" href="#talk">To the conversation</a>
    <${Header} call=${call} recorder=${recorder} playback=${playback} duet=${desk.duet} stage=${stage} onStage=${setTab} />
    <main class="rooms"><h1 class="sr">${stage === "duet" ? "Two agents talk with each other" : "Talk with the agent"}</h1>
    <section id="talk" class="talk" tabindex="-1" aria-label="Call">
      ${playback && html`<p class="banner">You are looking at a recording. <button type="button" class="link" onclick=${() => desk.play(null)}>Back to the call</button></p>`}
      <${stage === "duet" ? DuetView : TalkView} desk=${desk} onSeek=${onSeek} wide=${wide} />
    </section>
    <section class="side" aria-label="About the call">
      <${Tabs} tab=${tab} shown=${shown} onTab=${setTab} />
      <div class="panel" role="tabpanel" id="panel" aria-labelledby=${`tab-${shown}`}>
        ${shown === "duet" && wide && html`<${DuetDesk} duet=${duet} steering=${desk.steering} />`}
        ${shown === "latency" && html`<${LatencyView} latency=${latency} />`}
        ${shown === "agent" && html`<${AgentView} settings=${settings} call=${call} />`}
        ${shown === "events" && html`<${EventsView} log=${log} onSeek=${onSeek} />`}
        ${shown === "record" && html`<${RecordingView} recorder=${recorder} playback=${playback} onPlayback=${(p) => desk.play(p)} canOpen=${!call.busy} />`}
      </div>
    </section></main>
  </div>`;
}

function TalkView({ desk, onSeek }) {
  const { call, settings, devices, levels, playback } = desk;
  const { transcript } = playback ?? desk;
  const now = playback ? () => playback.now : () => performance.now();
  return html`<${TranscriptView} key=${playback ? "recorded" : "live"} transcript=${transcript} now=${now} base=${playback ? 0 : desk.zero} call=${call}
      onSeek=${onSeek} empty=${html`<${Hello} call=${call} />`} />
    <${ProblemView} problem=${call.problem} call=${call} />
    ${!playback && html`<${Dock} call=${call} devices=${devices} settings=${settings} levels=${levels}
      continuing=${transcript.entries.length > 0} onFresh=${() => desk.fresh()} />`}`;
}

function Header({ call, recorder, playback, duet, stage, onStage }) {
  useTicks(call.state === "live", 1000);
  const live = call.state === "live";
  const one = call.floor === "agent" && duet.seats["ab".indexOf(duet.speaking)];
  return html`<header class="top">
    <p class="brand"><img src="/assets/icon.svg" alt="" width="28" height="28" /> <b>Vivavoce</b>
      ${call.about?.model && html`<span class="fine model">${call.about.model}</span>`}</p>
    <nav class="stages" aria-label="What to do">${STAGES.map(([name, label]) => html`<button type="button" key=${name} aria-pressed=${stage === name}
      onclick=${() => onStage(name)}>${label}</button>`)}</nav>
    ${live && html`<p class=${`floor ${call.floor} ${one ? duet.speaking : ""}`}><span class="dot" aria-hidden="true"></span><span>${one ? `${one.name} speaks` : FLOORS[call.floor]}</span></p>`}
    <p class="state">
      ${recorder.current && live && html`<span class="rec" title="In this browser only: see the tab Recording"><span class="dot" aria-hidden="true"></span> <span>recording</span></span>`}
      <span role="status">${playback ? "Recording" : STATES[call.state]}</span>
      ${live && html`<time>${clock(performance.now() - call.startedAt)}</time>`}</p>
  </header>`;
}

function Tabs({ tab, shown, onTab }) {
  const list = useRef(null);
  const keys = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const seen = [...list.current.children].filter((button) => button.offsetParent);
    const at = seen.indexOf(document.activeElement);
    const next = seen[(at + step + seen.length) % seen.length];
    next.focus();
    onTab(next.dataset.tab);
  };
  return html`<div class="tabs" role="tablist" aria-label="Views" ref=${list} onkeydown=${keys}>
    ${TABS.map(([name, label]) => {
      const selected = name === tab || (tab === "talk" && name === shown);
      return html`<button type="button" key=${name} role="tab" id=${`tab-${name}`} data-tab=${name} aria-controls=${name === "talk" || name === "duet" ? "talk" : "panel"}
        aria-selected=${selected} tabindex=${selected ? 0 : -1} class=${name === tab ? "here" : ""} onclick=${() => onTab(name)}>
        <${Icon} name=${name} /><span>${label}</span></button>`;
    })}
  </div>`;
}

function Hello({ call }) {
  if (call.busy) return html`<div class="hello"><p class="huge">${call.state === "live" ? (call.micless ? "Type something." : "Say something.") : "One moment…"}</p></div>`;
  return html`<div class="hello">
    <h2>Talk with the agent</h2>
    <p>It knows when you have finished, stops when you really interrupt it, and remembers exactly the words you heard.</p>
    <ul>
      <li>Say <q>hello</q>, or ask for a sum.</li>
      <li>Ask it to <q>tell me a story</q>, and interrupt.</li>
      <li>Say <q>uh-huh</q> or cough meanwhile: it goes on.</li>
    </ul>
    <p class="fine">The microphone is open only during a call. A headset is best; loudspeakers work too.</p>
  </div>`;
}
