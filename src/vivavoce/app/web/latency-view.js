// Where the milliseconds went: percentiles of the call, the gap of every turn, the waterfall of one.

import { waterfall } from "./latency.js";
import { useModels } from "./model.js";
import { html, money } from "./ui.js";

const ms = (value) => (value === null || value === undefined ? "–" : `${Math.round(value)}`);

export function LatencyView({ latency }) {
  useModels(latency);
  const sum = latency.summary();
  if (!latency.reports.length) {
    return html`<div class="blank"><h2>No turns yet</h2>
      <p>The gap is the silence between your last sound and the agent's first. After each turn you see here where its
      milliseconds went.</p></div>`;
  }
  return html`<div class="latency">
    <dl class="tiles">
      <${Tile} label="Gap, median" value=${ms(sum.p50)} unit="ms" big />
      <${Tile} label="Gap, 90 %" value=${ms(sum.p90)} unit="ms" />
      <${Tile} label="Gap, 95 %" value=${ms(sum.p95)} unit="ms" />
      <${Tile} label="Longest" value=${ms(sum.most)} unit="ms" />
      <${Tile} label="Own overhead, 95 %" value=${ms(sum.overhead)} unit="ms" hint="The part that no model and no configured silence explains" />
      <${Tile} label="At your ear, median" value=${ms(sum.ear)} unit="ms" hint="Measured by this browser, network and buffers included" />
      <${Tile} label="Turns / interrupted" value=${`${sum.turns} / ${sum.interrupted}`} />
      <${Tile} label="Cost so far" value=${`${money(sum.cost)}${sum.cost !== null && sum.unpriced ? " +" : ""}`} />
    </dl>
    <${Columns} latency=${latency} />
    ${latency.shown && html`<${Turn} report=${latency.shown} />`}
  </div>`;
}

function Tile({ label, value, unit, big, hint }) {
  return html`<div class=${big ? "tile wide" : "tile"} title=${hint}><dt>${label}</dt>
    <dd>${value}${unit && value !== "–" && html` <small>${unit}</small>`}</dd></div>`;
}

function Columns({ latency }) {
  const timed = latency.timed.slice(-40);
  const most = Math.max(1, ...timed.map((report) => report.gap_ms));
  return html`<div><p class="fine">Gap of each turn; the tallest is ${ms(most)} ms</p><div class="columns" role="group" aria-label="Gap of each turn: choose one to see where it went">
    ${timed.map((report) => html`<button type="button" key=${report.number} aria-pressed=${report === latency.shown}
        class=${report.interrupted ? "column cut" : "column"} onclick=${() => latency.choose(report.number)}
        aria-label=${`${report.user_text || report.origin || "turn"}: ${ms(report.gap_ms)} ms`} title=${`${ms(report.gap_ms)} ms`}>
      <span style=${{ height: `${Math.max(3, (Math.max(0, report.gap_ms) / most) * 100)}%` }}></span></button>`)}
  </div></div>`;
}

function Turn({ report }) {
  const { rows, low, high } = waterfall(report);
  const of = (value) => `${((value - low) / (high - low)) * 100}%`;
  return html`<section class="waterfall" aria-label="Waterfall of the chosen turn">
    ${report.user_text && html`<p class="said"><span class="who user">You</span> ${report.user_text}</p>`}
    ${report.agent_text && html`<p class="said"><span class="who agent">Agent</span> ${report.heard_text || report.agent_text}${report.interrupted && " …"}</p>`}
    <p class="sum"><b>${ms(report.gap_ms)} ms</b> gap${report.overhead_ms !== null && report.overhead_ms !== undefined && html`, own overhead <b>${ms(report.overhead_ms)} ms</b>`}${report.ear_ms !== null && report.ear_ms !== undefined && html`, at your ear <b>${ms(report.ear_ms)} ms</b>`}${report.interrupted && ", interrupted"}</p>
    ${report.measured && html`<p class="fine">Measured in this browser: the server reports no details.</p>`}
    ${rows.length > 0 && html`<table>
      <thead class="sr"><tr><th>Step</th><th>Milliseconds</th><th>When</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.name} class=${`${row.kind} ${row.ahead ? "ahead" : ""}`}>
        <th scope="row">${row.label}</th>
        <td class="ms">${row.ms > 0 ? "+" : ""}${row.ms}</td>
        <td class="lane"><span class="zero" style=${{ left: of(0) }}></span>
          <span class="bar" style=${{ left: of(row.from), width: `max(2px, ${((row.to - row.from) / (high - low)) * 100}%)` }}></span></td>
      </tr>`)}</tbody>
    </table>
    <ul class="legend" aria-hidden="true"><li class="listen">hearing</li><li class="decide">deciding</li><li class="think">thinking</li><li class="speak">speaking</li>
      ${rows.some((row) => row.ahead) && html`<li class="ahead">done ahead of time</li>`}</ul>`}
    ${report.why?.length > 0 && html`<details><summary>Why it went so</summary><ol class="why">${report.why.map((why, n) => html`<li key=${n}>${why}</li>`)}</ol></details>`}
    ${Object.keys(report.usage ?? {}).length > 0 && html`<details><summary>What it used</summary>
      <table class="usage"><tbody>${Object.entries(report.usage).map(([name, n]) => html`<tr key=${name}><th scope="row">${name}</th><td class="ms">${Math.round(n * 1000) / 1000}</td></tr>`)}</tbody></table></details>`}
  </section>`;
}
