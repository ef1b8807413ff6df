// The view of a duet: the form before; then the time line, the words as they are heard, and what a listener may do.

import { DuetDesk, Told } from "./duet-desk.js";
import { DuetForm } from "./duet-form.js";
import { Timeline } from "./duet-timeline.js";
import { DeviceMenu, HoldButton, MuteButton } from "./dock.js";
import { useModels } from "./model.js";
import { ProblemView } from "./problem-view.js";
import { TranscriptView } from "./transcript-view.js";
import { html, Icon, useEffect, useState } from "./ui.js";

/** `wide`: there is room for the desk beside it. */
export function DuetView({ desk, onSeek, wide }) {
  const { call, devices, steering, playback } = desk;
  const duet = playback?.duet ?? desk.duet;
  const transcript = playback?.transcript ?? desk.transcript;
  useModels(duet, call);
  const [shown, setShown] = useState("words");
  const now = playback ? () => playback.now : () => performance.now();
  const told = duet.seats.length > 0 && duet.state !== "idle";
  // The form is gone, and with it what had the focus; a text field would open the keyboard of a phone.
  useEffect(() => told && !playback && document.activeElement === document.body && document.getElementById("talk").focus(), [told]);
  const problem = html`<${ProblemView} problem=${call.problem} call=${call} onLive=${() => steering.begin()} />`;
  if (!told && playback) return html`<div class="hello"><p>In this recording no two agents talk with each other.</p></div>`;
  if (!told) return html`<div class="duet-before"><${DuetForm} steering=${steering} call=${call} />${problem}</div>`;
  const both = wide || shown === "words";
  return html`<div class="duet">
    <${Timeline} key=${playback ? "recorded" : "live"} duet=${duet} now=${now} />
    ${!wide && html`<${Switch} shown=${shown} onShown=${setShown} />`}
    ${both && html`<${TranscriptView} key=${`${playback ? "recorded" : duet.beganAt}`} transcript=${transcript} now=${now} base=${playback ? 0 : duet.beganAt} since=${playback ? -Infinity : duet.beganAt}
      call=${call} onSeek=${onSeek} empty=${html`<div class="hello"><p class="huge">One moment…</p></div>`} />`}
    ${!both && html`<div class="within"><${DuetDesk} duet=${duet} steering=${steering} /></div>`}
    ${problem}
    ${!playback && (duet.state === "over" ? html`<${After} duet=${duet} steering=${steering} />`
      : html`<${Bar} duet=${duet} steering=${steering} call=${call} devices=${devices} />`)}
  </div>`;
}

function Switch({ shown, onShown }) {
  return html`<fieldset class="mode"><legend class="sr">What to see</legend>
    ${[["words", "What they say"], ["desk", "Costs and changes"]].map(([name, label]) => html`<label key=${name}>
      <input type="radio" name="duet-shown" checked=${shown === name} onchange=${() => onShown(name)} /><span>${label}</span></label>`)}
  </fieldset>`;
}

/** While it runs: say something to both, cut in, end it. */
function Bar({ duet, steering, call, devices }) {
  const ear = steering.deaf || (call.micless ? "You only listen." : call.muted ? "Your microphone is off." : call.byHand ? "They stop for you only hands-free." : "Talk to cut in.");
  const handsFree = () => call.settings.change("turn", { ...call.settings.values.turn, type: "semantic_vad" }, call);
  const hints = [call.hint, call.mic.note, call.output.note].filter(Boolean);
  return html`<div class="dock bar">
    <${Moderator} duet=${duet} steering=${steering} />
    ${hints.map((text) => html`<p class="hint" key=${text} role="status">${text}</p>`)}
    <div class="controls">
      ${!call.micless && (call.byHand ? html`<${HoldButton} call=${call} />` : html`<${MuteButton} call=${call} />`)}
      <p class="fine ear">${ear}${call.byHand && !call.micless && html` <button type="button" class="link" onclick=${handsFree}>Go hands-free</button>`}</p>
      <${DeviceMenu} call=${call} devices=${devices} />
      <button type="button" class="big end" onclick=${() => steering.stop()}><${Icon} name="end" /><span>Stop</span></button>
    </div>
  </div>`;
}

function Moderator({ duet, steering }) {
  const [text, setText] = useState("");
  const note = duet.notes.say;
  // What was refused stays to be mended.
  useEffect(() => note?.state === "applied" && setText(""), [note]);
  const send = (event) => {
    event.preventDefault();
    if (text.trim()) steering.change("say", text.trim());
  };
  return html`<form class="typing" onsubmit=${send}>
    <input aria-label="Tell both, as the moderator" placeholder="Tell both, as the moderator" value=${text} oninput=${(e) => setText(e.target.value)}
      enterkeyhint="send" aria-describedby="say-told" />
    <button class="quiet" aria-label="Send" disabled=${!text.trim()}><${Icon} name="send" /></button>
    ${note?.state === "refused" && html`<${Told} id="say-told" note=${note} />`}
  </form>`;
}

function After({ duet, steering }) {
  const { turns, median, longest } = duet.summary();
  const again = () => steering.begin();
  return html`<div class="dock bar"><div class="controls">
    <button type="button" class="big start" onclick=${again}><${Icon} name="duet" /><span>Start again</span></button>
    <button type="button" class="tool" onclick=${() => duet.leave()}>Change it first</button>
    <p class="fine ear">${turns} answers, median gap ${median ?? "–"} ms, longest ${longest ?? "–"} ms</p>
  </div></div>`;
}
