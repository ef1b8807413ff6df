// What a duet begins with: the topic, the two, and how long they talk.

import { html, Icon, useState } from "./ui.js";

const GAPS = [["none", "None at all"], ["natural", "As between people"], ["own", "So many ms"]];
const ANSWERS = [["other", "The other"], ["same", "The same"]];

export function DuetForm({ steering, call }) {
  const [wish, setWish] = useState(steering.wish);
  const set = (field) => (value) => setWish((before) => ({ ...before, [field]: value }));
  const read = (field) => (e) => set(field)(e.target.value);
  const number = (field) => (e) => e.target.value !== "" && set(field)(Number(e.target.value));
  const note = steering.duet.notes.begin;
  const wait = steering.duet.state === "asked" || (call.busy && call.state !== "live");
  const begin = (event) => {
    event.preventDefault();
    steering.begin(wish);
  };
  return html`<form class="duet-form" onsubmit=${begin} novalidate>
    <div><h2>Two agents talk with each other</h2>
      <p class="fine">Without a pause: while one is heard, the answer of the other is ready. You listen, steer by text, and cut in by voice.</p></div>
    <div class="field"><label for="duet-topic">What they talk about</label>
      <textarea id="duet-topic" rows="3" maxlength="20000" value=${wish.topic} oninput=${read("topic")} aria-describedby="duet-fault"></textarea></div>
    <div class="pair">
      <${PersonaField} id="duet-a" lane="a" label="Begins" value=${wish.a} steering=${steering} onValue=${set("a")} />
      <${PersonaField} id="duet-b" lane="b" label="Answers" value=${wish.b} steering=${steering} onValue=${set("b")} />
    </div>
    <div class="knobs">
      <label>Answers in all <input type="number" min="1" max="10000" value=${wish.turns} oninput=${number("turns")} /></label>
      <label>Silence between <select value=${wish.gap} onchange=${read("gap")}>
        ${GAPS.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></label>
      ${wish.gap === "own" && html`<label>Silence, ms <input type="number" min="0" max="10000" step="50" value=${wish.gap_ms} oninput=${number("gap_ms")} /></label>`}
      <label>Who answers you <select value=${wish.answers} onchange=${read("answers")}>
        ${ANSWERS.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></label>
      <label>At most, USD <input type="number" min="0" step="0.01" placeholder="no limit" value=${wish.budget} oninput=${read("budget")} /></label>
    </div>
    <div class="go">
      <button class="big start" disabled=${wait}><${Icon} name="duet" /><span>${wait ? "One moment…" : "Start the two"}</span></button>
      ${wait && html`<button type="button" class="tool" onclick=${() => steering.stop()}>Cancel</button>`}
      <label class="check"><input type="checkbox" checked=${wish.listen} disabled=${call.state === "live"} onchange=${(e) => set("listen")(e.target.checked)} />
        <span>Listen only, without a microphone</span></label>
    </div>
    <p class="verdict bad" id="duet-fault" role="alert">${note?.state === "refused" && note.text}</p>
  </form>`;
}

/** One that the server knows, or somebody else. */
export function PersonaField({ id, lane, label, value, steering, onValue }) {
  const set = (field) => (e) => onValue({ ...value, [field]: e.target.value });
  const known = Object.entries(steering.personas);
  const { voices } = steering;
  const offered = value.voice && !voices.includes(value.voice) ? [value.voice, ...voices] : voices;
  return html`<div class=${`field persona ${lane}`}><label class="head" for=${id}>${label}</label>
    <select id=${id} value=${value.known} onchange=${set("known")}>
      ${known.map(([name, shown]) => html`<option key=${name} value=${name}>${shown} (${name})</option>`)}
      <option value="">Somebody else</option></select>
    ${!value.known && html`<label>Name <input aria-label=${`${label}: name`} value=${value.name} maxlength="40" oninput=${set("name")} /></label>
      <label>Instructions <textarea aria-label=${`${label}: instructions`} rows="3" maxlength="8000" value=${value.instructions} oninput=${set("instructions")}></textarea></label>
      <label>Voice <select aria-label=${`${label}: voice`} value=${value.voice} onchange=${set("voice")}><option value="">The server's own</option>
        ${offered.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>`}
  </div>`;
}
