// What the agent is asked to be. Every change is sent at once, and the server's answer stands beside it.

import { useModels, store, stored } from "./model.js";
import { html, useEffect, useState } from "./ui.js";

const KINDS = [
  ["semantic_vad", "Meaning", "Ends a turn when the words sound finished."],
  ["server_vad", "Silence", "Ends a turn after a silence of fixed length."],
  ["off", "Off", "You say when: push to talk."],
];
const EAGERNESS = [["auto", "Automatic"], ["low", "Low: lets people think"], ["medium", "Medium"], ["high", "High: answers at once"]];
/** field, label, unit, least, most, step */
const NUMBERS = [
  ["threshold", "Threshold", "", 0, 1, 0.05],
  ["silence_duration_ms", "Silence", "ms", 100, 5000, 50],
  ["prefix_padding_ms", "Kept before speech", "ms", 0, 2000, 50],
  ["idle_timeout_ms", "Ask again after", "ms", 5000, 30000, 1000],
];

export function AgentView({ settings, call }) {
  useModels(settings, call);
  const values = settings.values;
  const change = (field) => (value) => settings.change(field, value, call);
  const session = call.session;
  return html`<form class="agent" onsubmit=${(event) => event.preventDefault()}>
    <${Field} name="instructions" label="Instructions" note=${settings.notes.instructions}>
      <${Text} id="instructions" rows="5" value=${values.instructions} onValue=${change("instructions")}
        placeholder=${session?.instructions || call.about?.instructions || "The server's own, until you write some."} />
    <//>
    <div class="pair">
      <${Field} name="voice" label="Voice" note=${settings.notes.voice}><${Voice} value=${values.voice} call=${call} onValue=${change("voice")} /><//>
      <${Field} name="speed" label=${`Speed ${Number(values.speed).toFixed(2)}`} note=${settings.notes.speed}>
        <input id="speed" type="range" min="0.25" max="1.5" step="0.05" value=${values.speed}
          onchange=${(e) => change("speed")(Number(e.target.value))} />
      <//>
    </div>
    <${Turns} turn=${values.turn} note=${settings.notes.turn} onValue=${change("turn")} />
    <${Tools} values=${values} settings=${settings} call=${call} />
    <div class="row">
      <button type="button" class="quiet" onclick=${() => settings.reset(call)}>Back to the defaults</button>
      <p class="fine">${call.state === "live" ? "Changes are in force at once." : "Used from the next call on."}</p>
    </div>
    ${session && html`<details><summary>The session in force, as the server tells it</summary><pre>${JSON.stringify(session, null, 2)}</pre></details>`}
  </form>`;
}

function Field({ name, label, note, children }) {
  return html`<div class=${`field ${note?.state ?? ""}`}><label for=${name}>${label}</label>${children}<${Note} note=${note} name=${name} /></div>`;
}

function Note({ note, name }) {
  return html`<p class="verdict" id=${`${name}-verdict`} role="status">${note && (note.state === "sent" ? "sent …" : note.text)}</p>`;
}

/** A text that is handed over when the person leaves it. */
function Text({ id, value, onValue, ...rest }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return html`<textarea id=${id} value=${text} oninput=${(e) => setText(e.target.value)} onchange=${(e) => onValue(e.target.value)}
    aria-describedby=${`${id}-verdict`} ...${rest}></textarea>`;
}

function Voice({ value, call, onValue }) {
  const told = call.about?.voices;
  useEffect(() => told && store("localStorage", "voices", told), [told]);
  const voices = told ?? stored("localStorage", "voices", []);
  const known = value && !voices.includes(value) ? [value, ...voices] : voices;
  return html`<select id="voice" value=${value} onchange=${(e) => onValue(e.target.value)} aria-describedby="voice-verdict">
    <option value="">The server's own</option>${known.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select>`;
}

function Turns({ turn, note, onValue }) {
  const set = (change) => onValue({ ...turn, ...change });
  return html`<fieldset class=${`field ${note?.state ?? ""}`}><legend>When is your turn over?</legend>
    <div class="kinds">${KINDS.map(([type, label, hint]) => html`<label key=${type}><input type="radio" name="turn" checked=${turn.type === type}
      onchange=${() => set({ type })} /><span><b>${label}</b> <small>${hint}</small></span></label>`)}</div>
    ${turn.type === "semantic_vad" && html`<label class="line">Eagerness <select value=${turn.eagerness} onchange=${(e) => set({ eagerness: e.target.value })}>
      ${EAGERNESS.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></label>`}
    ${turn.type === "server_vad" && NUMBERS.map(([field, label, unit, least, most, step]) => html`<label class="line" key=${field}>${label}
      <span><input type="number" value=${turn[field] ?? ""} min=${least} max=${most} step=${step} placeholder="off"
        onchange=${(e) => set({ [field]: e.target.value === "" ? (field === "idle_timeout_ms" ? null : turn[field]) : Number(e.target.value) })} /> ${unit}</span></label>`)}
    ${turn.type !== "off" && html`<label class="check"><input type="checkbox" checked=${turn.interrupt_response}
        onchange=${(e) => set({ interrupt_response: e.target.checked })} /> You may interrupt the agent</label>
      <label class="check"><input type="checkbox" checked=${turn.create_response}
        onchange=${(e) => set({ create_response: e.target.checked })} /> It answers by itself</label>`}
    <${Note} note=${note} name="turn" />
  </fieldset>`;
}

function Tools({ values, settings, call }) {
  const theirs = [...new Set([...(call.about?.tools ?? []), ...(call.session?.tools ?? []).map((t) => t.name ?? t.server_label)])];
  return html`<fieldset class=${`field ${settings.notes.tools?.state ?? ""}`}><legend>Tools</legend>
    ${theirs.length > 0 ? html`<ul class="chips">${theirs.map((name) => html`<li key=${name} class="chip">${name}</li>`)}</ul>`
      : html`<p class="fine">${call.session ? "The agent has no tools." : "The server's own are listed during a call."}</p>`}
    <label class="check"><input type="checkbox" checked=${values.demo} onchange=${(e) => settings.change("demo", e.target.checked, call)} />
      Lend it two tools of this page: the local time, and facts about your browser</label>
    <details open=${Boolean(values.tools)}><summary>More function tools, as JSON; you answer their calls by hand</summary>
      <${Text} id="tools" rows="5" value=${values.tools} onValue=${(text) => settings.change("tools", text, call)} spellcheck=${false} aria-label="Function tools as JSON"
        placeholder=${'[{"type": "function", "name": "find_order", "description": "…",\n  "parameters": {"type": "object", "properties": {}}}]'} />
    </details>
    <${Note} note=${settings.notes.tools ?? settings.notes.demo} name="tools" />
  </fieldset>`;
}
