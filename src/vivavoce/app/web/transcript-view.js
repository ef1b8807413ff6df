// The conversation as people read it: words as they come, as they are heard, and as they were cut.

import { slowest } from "./duet.js";
import { hopLabel } from "./latency.js";
import { useModels } from "./model.js";
import { isDemo } from "./tools.js";
import { parts } from "./transcript.js";
import { clock, gapText, html, Icon, useEffect, useLayoutEffect, useRef, useState, useTicks } from "./ui.js";

export const ACTIONS = {
  duck: ["duck", "lowers its voice"],
  hold: ["hold", "pauses"],
  resume: ["resume", "goes on"],
  stop: ["cut", "stops"],
};

/** `since`: entries from that moment on. */
export function TranscriptView({ transcript, now, base, call, empty, onSeek, since = -Infinity }) {
  useModels(transcript);
  const box = useRef(null);
  const [stuck, setStuck] = useState(true);
  useLayoutEffect(() => {
    if (stuck && box.current) box.current.scrollTop = box.current.scrollHeight;
  });
  const onscroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    setStuck(scrollHeight - scrollTop - clientHeight < 40);
  };
  const down = () => {
    box.current.scrollTop = box.current.scrollHeight;
    setStuck(true);
  };
  const entries = transcript.entries.filter((entry) => entry.at >= since);
  if (!entries.length) return html`<div class="transcript" tabindex="0" aria-label="Conversation">${empty}</div>`;
  return html`<div class="transcript" ref=${box} onscroll=${onscroll} tabindex="0" role="region" aria-label="Conversation">
    <ol class="turns">
      ${entries.map((entry) => html`<li key=${entry.id} class=${`turn ${entry.kind} ${entry.tone ?? transcript.sides.get(entry.speaker) ?? ""} ${waits(entry) ? "waiting" : ""}`}>
        <${ENTRIES[entry.kind]} entry=${entry} now=${now} base=${base} call=${call} onSeek=${onSeek} />
      </li>`)}
    </ol>
    ${!stuck && html`<button type="button" class="newest" onclick=${down}>Newest</button>`}
    <div class="sr" aria-live="polite" role="log">${transcript.said.slice(-6).map(({ id, line }) => html`<p key=${id}>${line}</p>`)}</div>
  </div>`;
}

function Stamp({ entry, base, onSeek }) {
  const ms = entry.at - base;
  if (!onSeek) return html`<time>${clock(ms)}</time>`;
  return html`<button type="button" class="link" onclick=${() => onSeek(ms)} aria-label=${`Play from ${clock(ms)}`}>${clock(ms)}</button>`;
}

function User({ entry, base, onSeek }) {
  if (entry.dropped) {
    return html`<p class="dropped">${entry.text && html`<q>${entry.text}</q> `}<small>no turn${entry.times > 1 && ` (${entry.times} times)`}: ${entry.dropped}</small></p>`;
  }
  const open = !entry.final && !entry.over;
  return html`<div class="head"><b>You</b>${entry.typed && html` <span class="tag">typed</span>`}<${Stamp} entry=${entry} base=${base} onSeek=${onSeek} /></div>
    <p class=${open ? "words partial" : "words"}>${entry.text || "…"}${open && html`<span class="caret" aria-hidden="true"></span>`}</p>`;
}

function Agent({ entry, now, base, onSeek }) {
  useTicks(Boolean(entry.playing) && !entry.ended && !onSeek, 80);
  const shown = parts(entry, now());
  return html`<div class="head"><b>${entry.speaker || "Agent"}</b>
      ${waits(entry) && html`<span class="tag">ready, waits for its turn</span>`}
      ${entry.ended === "cut" && html`<span class="tag bad">interrupted</span>`}
      ${entry.ended === "failed" && html`<span class="tag bad">failed</span>`}
      <${Stamp} entry=${entry} base=${base} onSeek=${onSeek} />${entry.facts && html` <${Facts} facts=${entry.facts} />`}</div>
    <p class="words">${shown.map(({ text, state }, n) => state === "unheard"
      ? html`<${Unheard} key=${n} text=${text} />`
      : html`<span key=${n} class=${state}>${text}</span>`)}
      ${!shown.some((part) => part.text) && html`<span class="next">…</span>`}</p>
    ${entry.ended === "cut" && entry.exact === false && html`<p class="fine">Where it was cut is estimated: the voice gave no word times.</p>`}
    <${Marks} marks=${entry.marks} base=${base} />`;
}

/** One of two agents has it ready while the other is heard. */
function waits(entry) {
  return entry.kind === "agent" && Boolean(entry.speaker) && !entry.audible && !entry.ended;
}

/** How long the silence before it was, and what it waited for. */
function Facts({ facts }) {
  if (facts.gap_ms === null) return null;
  const slow = slowest(facts);
  return html`<span class=${slow ? "tag bad" : "tag"}>${gapText(facts.gap_ms)}${slow && `, slowest: ${hopLabel(slow.name)} ${slow.ms} ms`}</span>`;
}

/** What was cut away: its beginning tells enough, until somebody wants all of it. */
function Unheard({ text }) {
  const [all, setAll] = useState(false);
  const cut = text.length > 140 ? text.indexOf(" ", 100) : -1;
  const words = text.slice(cut).trim().split(/\s+/).length;
  return html`<del><span class="sr">not heard: </span>${all || cut < 0 ? text : text.slice(0, cut)}</del>${!all && cut >= 0 && html` <button
    type="button" class="link rest" onclick=${() => setAll(true)}>and ${words} more words, not heard</button>`}`;
}

function Marks({ marks, base }) {
  if (!marks.length) return null;
  return html`<ul class="marks">${marks.slice(-8).map(({ action, says, at }, n) => {
    const [icon, label] = ACTIONS[action] ?? ["alert", action];
    const when = at === undefined ? "" : ` at ${clock(at - base)}`;
    return html`<li key=${n} class=${`chip ${action}`} title=${`${label}${when}`}><${Icon} name=${icon} /><span><b>${label}</b>${says && `: ${says}`}</span></li>`;
  })}</ul>`;
}

function Tool({ entry, call }) {
  const [output, setOutput] = useState("");
  const open = entry.state === "started" && entry.ours && !isDemo(entry.name) && call;
  const give = (event) => {
    event.preventDefault();
    call.answerTool(entry.call, output);
  };
  return html`<div class="head"><${Icon} name="tool" /><b>${entry.name || "tool"}</b>
      <span class=${entry.state === "failed" ? "tag bad" : "tag"}>${{ started: "running", done: "done", failed: "failed" }[entry.state]}</span></div>
    ${entry.arguments && entry.arguments !== "{}" && html`<pre>${entry.arguments}</pre>`}
    ${entry.output && html`<pre class="result">${entry.output}</pre>`}
    ${open && html`<form class="answer" onsubmit=${give}>
      <label>You are this tool. Its answer: <input value=${output} oninput=${(e) => setOutput(e.target.value)} required /></label>
      <button class="quiet">Answer</button>
    </form>`}`;
}

function Note({ entry }) {
  return html`<p class="note">${entry.text}</p>`;
}

/** What a moderator told both, and nobody heard. */
function Cue({ entry }) {
  return html`<p class="note told-both"><b>You, as moderator:</b> ${entry.text}</p>`;
}

const ENTRIES = { user: User, agent: Agent, tool: Tool, note: Note, cue: Cue };
