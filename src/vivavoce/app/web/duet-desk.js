// Beside a duet: who sits where and how to change that, and what each of them costs.

import { PersonaField } from "./duet-form.js";
import { hopLabel } from "./latency.js";
import { useModels } from "./model.js";
import { clock, html, money, useEffect, useState } from "./ui.js";

const ROLES = [["llm", "Thinking"], ["tts", "Speaking"], ["stt", "Hearing"]];
const UNITS = { characters: "characters", seconds: "s", output_tokens: "tokens out", input_tokens: "tokens in" };

const EARLY = {
  budget: "another answer might have exceeded the limit", failed: "one of them could not answer any more",
  done: "there was nothing more to say",
};

export function DuetDesk({ duet, steering }) {
  useModels(duet, steering.call);
  if (!duet.seats.length) {
    return html`<div class="blank"><h2>Nobody talks yet</h2>
      <p>Here you will see what each of the two costs, hop by hop, and change who they are and what they talk about while they do.</p></div>`;
  }
  return html`<div class="desk">
    <${Summary} duet=${duet} />
    <${Costs} duet=${duet} />
    ${duet.state === "running" && html`<${Change} duet=${duet} steering=${steering} />`}
  </div>`;
}

function Tile({ label, value, unit, big }) {
  return html`<div class=${big ? "tile wide" : "tile"}><dt>${label}</dt><dd>${value}${unit && value !== "–" && html` <small>${unit}</small>`}</dd></div>`;
}

function Summary({ duet }) {
  const sum = duet.summary();
  const over = duet.state === "over";
  const late = duet.turns.filter((turn) => turn.slow);
  return html`<section aria-label=${over ? "Summary" : "So far"}><h3>${over ? "How it was" : "So far"}</h3>
    <dl class="tiles">
      <${Tile} big label="Gap, median" value=${sum.median ?? "–"} unit="ms" />
      <${Tile} label="Longest gap" value=${sum.longest ?? "–"} unit="ms" />
      <${Tile} label="Answers" value=${`${sum.turns} / ${duet.asked}`} />
      <${Tile} label="Cost" value=${money(duet.costs ? duet.costs.total : 0)} />
    </dl>
    ${over && html`<p class="fine" role="status">${ending(duet, sum)}</p>`}
    ${late.length > 0 && html`<ul class="late">${late.slice(-6).map((turn) => html`<li key=${turn.turn}>
      ${turn.speaker} at ${clock(turn.from)}: ${turn.gap_ms} ms, slowest was ${hopLabel(turn.slow.name)}, ${turn.slow.ms} ms</li>`)}</ul>`}
  </section>`;
}

function ending(duet, { turns, cut }) {
  const length = clock(Math.max(duet.waves.a.end, duet.waves.b.end));
  const interrupted = cut ? `, ${cut} of them interrupted` : "";
  const early = turns < duet.asked ? ` It ended early: ${EARLY[duet.reason] ?? "you ended it"}.` : "";
  return `${turns} answers in ${length}${interrupted}.${early}`;
}

/** Of each side by hop, then what nobody heard, and all of it. */
function Costs({ duet }) {
  const { costs } = duet;
  if (!costs) return html`<section aria-label="Costs"><h3>Costs</h3><p class="fine">Told after each answer. ${estimate(duet)}</p></section>`;
  // Whoever listens comes last.
  const sides = Object.entries(costs.sides).sort(([one], [other]) => !duet.lane(one) - !duet.lane(other));
  return html`<section aria-label="Costs"><h3>Costs</h3>
    <table class="costs"><thead class="sr"><tr><th>Hop</th><th>Used</th><th>Cost</th></tr></thead>
    ${sides.map(([side, hops]) => html`<tbody key=${side} class=${duet.lane(side) ?? "listener"}>
      <tr class="whose"><th scope="rowgroup" colspan="2"><span class="dot" aria-hidden="true"></span>${side === "listener" ? "Hearing you" : side}</th><td class="ms">${money(total(Object.values(hops)))}</td></tr>
      ${ROLES.filter(([role]) => hops[role]).map(([role, label]) => html`<tr key=${role}><th scope="row">${label}</th>
        <td>${amounts(hops[role].amounts)}</td><td class="ms">${money(hops[role].cost)}</td></tr>`)}
    </tbody>`)}
    <tbody><tr><th scope="row">Not heard</th><td>${amounts(costs.wasted.amounts) || "nothing"}</td><td class="ms">${money(costs.wasted.cost)}</td></tr>
      <tr class="all"><th scope="row" colspan="2">In all</th><td class="ms">${money(costs.total)}</td></tr></tbody></table>
    <p class="fine">${estimate(duet)}</p>
  </section>`;
}

const estimate = ({ estimate: usd }) => (usd === null ? "No estimate: not all engines have a price." : `Estimated before it began: ${money(usd)}.`);

function total(bills) {
  return bills.some((bill) => bill.cost === null) ? null : bills.reduce((sum, bill) => sum + bill.cost, 0);
}

/** {"offline:espeak:seconds": 4.6} -> "4.6 s" */
function amounts(found) {
  const sums = {};
  for (const [key, n] of Object.entries(found)) {
    const unit = key.split(":").at(-1);
    sums[unit] = (sums[unit] ?? 0) + n;
  }
  return Object.entries(sums).filter(([, n]) => n).map(([unit, n]) => `${Math.round(n)} ${UNITS[unit] ?? unit.replaceAll("_", " ")}`).join(", ");
}

/** Another persona for a seat, another topic, more or fewer answers. */
function Change({ duet, steering }) {
  const { wish } = steering;
  const [topic, setTopic] = useState(duet.topic);
  const [turns, setTurns] = useState(duet.asked);
  useEffect(() => setTopic(duet.topic), [duet.topic]);
  useEffect(() => setTurns(duet.asked), [duet.asked]);
  const submit = (field, value) => (event) => {
    event.preventDefault();
    steering.change(field, value);
  };
  return html`<section aria-label="Change it while they talk"><h3>Change it while they talk</h3>
    ${["a", "b"].map((lane, n) => html`<${Seat} key=${lane} lane=${lane} seat=${duet.seats[n]} first=${{ ...wish[lane], known: "" }} steering=${steering} note=${duet.notes[lane]} />`)}
    <form class="field" onsubmit=${submit("topic", topic)}><label for="new-topic">Topic</label>
      <textarea id="new-topic" rows="3" maxlength="20000" value=${topic} oninput=${(e) => setTopic(e.target.value)} aria-describedby="topic-told"></textarea>
      <div class="row"><button class="quiet small">Change the topic</button><${Told} id="topic-told" note=${duet.notes.topic} /></div></form>
    <form class="field" onsubmit=${submit("turns", Number(turns))}><label for="new-turns">Answers in all</label>
      <div class="row"><input id="new-turns" type="number" min="1" max="10000" value=${turns} oninput=${(e) => setTurns(e.target.value)} aria-describedby="turns-told" />
        <button class="quiet small">Set</button><${Told} id="turns-told" note=${duet.notes.turns} /></div></form>
  </section>`;
}

function Seat({ lane, seat, first, steering, note }) {
  const [value, setValue] = useState(first);
  const give = (event) => {
    event.preventDefault();
    steering.change(lane, value);
  };
  return html`<div class=${`sits ${lane}`}><p><span class="dot" aria-hidden="true"></span><b>${seat.name}</b> <span class="fine">${[seat.voice, seat.llm, seat.tts].filter(Boolean).join(", ")}</span></p>
    <details><summary>Give the seat of ${seat.name} to another</summary>
      <form onsubmit=${give}><${PersonaField} id=${`seat-${lane}`} lane=${lane} label=${`Instead of ${seat.name}`} value=${value} steering=${steering} onValue=${setValue} />
      <button class="quiet small">Swap</button></form></details>
    <${Told} id=${`${lane}-told`} note=${note} /></div>`;
}

/** What became of a change, at its place. */
export function Told({ id, note }) {
  const text = note && (note.state === "sent" ? "sent …" : note.text);
  return html`<p class=${`verdict ${note?.state === "refused" ? "bad" : "good"}`} id=${id} role="status">${text}</p>`;
}
