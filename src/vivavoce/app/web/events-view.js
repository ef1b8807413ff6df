// The raw protocol as a list: newest below, each event opens into its JSON.

import { asLines, compact } from "./events.js";
import { useModels } from "./model.js";
import { CopyButton, html, Icon, stamp, useLayoutEffect, useRef, useState } from "./ui.js";

const MOST_ROWS = 250;

export function EventsView({ log, onSeek }) {
  useModels(log);
  const box = useRef(null);
  const [stuck, setStuck] = useState(true);
  const shown = log.shown;
  const rows = shown.slice(-MOST_ROWS);
  useLayoutEffect(() => {
    if (stuck && !log.paused && box.current) box.current.scrollTop = box.current.scrollHeight;
  });
  const onscroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    setStuck(scrollHeight - scrollTop - clientHeight < 40);
  };
  const channel = (name) => (e) => log.set({ channels: { ...log.channels, [name]: e.target.checked } });
  return html`<div class="events">
    <div class="filters">
      <input type="search" placeholder="Filter: words of type or content" aria-label="Filter events" value=${log.filter}
        oninput=${(e) => log.set({ filter: e.target.value })} />
      <div class="row">
        <label class="check"><input type="checkbox" checked=${log.channels.oai} onchange=${channel("oai")} /> Realtime</label>
        <label class="check"><input type="checkbox" checked=${log.channels.vivavoce} onchange=${channel("vivavoce")} /> Vivavoce</label>
        <label class="check"><input type="checkbox" checked=${log.frequent} onchange=${(e) => log.set({ frequent: e.target.checked })} /> Frequent ones</label>
      </div>
      <div class="row">
        <button type="button" class="quiet small" aria-pressed=${log.paused} onclick=${() => log.set({ paused: !log.paused })}>
          <${Icon} name=${log.paused ? "play" : "pause"} /> ${log.paused ? "Follow" : "Pause"}</button>
        <${CopyButton} small text=${() => asLines(shown)} label="Copy all" />
        <button type="button" class="quiet small" onclick=${() => log.clear()}>Clear</button>
        <span class="fine count">${shown.length} shown${log.dropped > 0 && `, ${log.dropped} oldest let go`}</span>
      </div>
    </div>
    <ol class="rows" ref=${box} onscroll=${onscroll} tabindex="0" aria-label="Events, oldest first">
      ${shown.length > rows.length && html`<li class="fine more">${shown.length - rows.length} older ones match; filter to see them.</li>`}
      ${rows.map((entry) => html`<${Row} key=${entry.number} entry=${entry} onSeek=${onSeek} />`)}
      ${!rows.length && html`<li class="fine more">${log.all.length ? "Nothing matches." : "Every message of the call is listed here, both ways."}</li>`}
    </ol>
  </div>`;
}

const WAYS = { in: ["←", "from the server"], out: ["→", "to the server"], note: ["·", "page"] };

function Row({ entry, onSeek }) {
  const [open, setOpen] = useState(false);
  const whole = useRef(null);
  useLayoutEffect(() => open && whole.current.scrollIntoView({ block: "nearest" }), [open]);
  const [arrow, way] = WAYS[entry.direction];
  const bad = entry.type === "error" || /failed/.test(entry.type);
  return html`<li class=${`event ${entry.channel} ${entry.direction} ${bad ? "bad" : ""}`}>
    <button type="button" class="line" aria-expanded=${open} onclick=${() => setOpen(!open)}>
      <span class="at">${stamp(entry.ms)}</span><span class="way" role="img" aria-label=${way}>${arrow}</span>
      <b>${entry.type}</b><span class="gist">${gist(entry.event)}</span></button>
    ${open && html`<div class="whole" ref=${whole}><pre>${JSON.stringify(entry.event, null, 2)}</pre>
      <div class="row"><${CopyButton} small text=${() => compact(entry.event)} />
      ${onSeek && html`<button type="button" class="quiet small" onclick=${() => onSeek(entry.ms)}><${Icon} name="play" /> Play from here</button>`}</div></div>`}
  </li>`;
}

/** What tells one event of a type from another. */
function gist(event) {
  const { text, delta, transcript, floor, action, says, why, name, error, item, response, ending, ms, output, gap_ms } = event;
  if (event.type === "report") return gap_ms === null ? "" : `gap ${gap_ms} ms`;
  if (event.type === "tool") return `${name}: ${event.state}`;
  const found = error?.message ?? text ?? delta ?? transcript ?? floor ?? says ?? why ?? name ?? ending ?? output ??
    item?.content?.[0]?.text ?? item?.type ?? response?.status ?? (ms !== undefined ? `${ms} ms` : "");
  return `${action ? `${action}: ` : ""}${Array.isArray(found) ? found.join("; ") : found}`.slice(0, 160);
}
