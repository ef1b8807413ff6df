// Everything a hand reaches for during a call: start and end, mute, hold to talk, stop, devices, typing.

import { useModels } from "./model.js";
import { Ribbon } from "./ribbon.js";
import { html, Icon, useEffect, useRef, useState, useTicks } from "./ui.js";

const DEAD_AFTER_MS = 8000;
/** The second click of a double click must not end what the first began. */
const DOUBLE_MS = 600;

export function Dock({ call, devices, settings, levels, continuing, onFresh }) {
  useModels(call, devices, settings);
  useTicks(call.state === "live", 1000);
  useKeys(call);
  const live = call.state === "live";
  const dead = live && !call.micless && !call.muted && !call.byHand && levels.deadMs > DEAD_AFTER_MS;
  const hint = dead ? "Nothing was heard from this microphone yet. Is it switched off, or is another one meant?" : call.hint;
  const hints = [hint, ...(call.busy ? [call.mic.note, call.output.note] : [])].filter(Boolean);
  return html`<div class="dock">
    <${Ribbon} levels=${levels} live=${call.busy} />
    ${hints.map((text) => html`<p class="hint" key=${text} role="status">${text}</p>`)}
    <div class="controls">
      <${BigButton} call=${call} continuing=${continuing} />
      ${call.byHand && live && !call.micless && html`<${HoldButton} call=${call} />`}
      ${live && !call.micless && !call.byHand && html`<${MuteButton} call=${call} />`}
      ${live && html`<button type="button" class="tool" disabled=${!call.speaking} onclick=${() => call.stopAgent()} title="Escape">
        <${Icon} name="stop" /><span>Stop agent</span></button>`}
      ${!call.busy && continuing && html`<button type="button" class="tool fresh" onclick=${onFresh}><${Icon} name="talk" /><span>Start afresh</span></button>`}
      <${Mode} call=${call} settings=${settings} />
      <${DeviceMenu} call=${call} devices=${devices} />
    </div>
    <${Typing} call=${call} />
  </div>`;
}

function BigButton({ call, continuing }) {
  if (call.state === "idle") {
    return html`<button type="button" class="big start" onclick=${(e) => unfocus(e) || call.start()}>
      <${Icon} name="call" /><span>${continuing ? "Continue" : "Start talking"}</span></button>`;
  }
  const label = { connecting: "Connecting…", retrying: "Reconnecting…", live: "Hang up" }[call.state];
  const end = () => performance.now() - call.since > DOUBLE_MS && call.hangUp();
  return html`<button type="button" class=${`big end ${call.state}`} onclick=${end}
      aria-label=${call.state === "live" ? "Hang up" : `${label} Cancel`}>
    <${Icon} name="end" /><span>${label}</span></button>`;
}

/** The mouse leaves no focus behind: the space bar that is held next would press the button. */
function unfocus(event) {
  if (event.detail) event.currentTarget.blur();
}

export function MuteButton({ call }) {
  return html`<button type="button" class="tool" aria-pressed=${call.muted} onclick=${() => call.mute(!call.muted)}>
    <${Icon} name=${call.muted ? "muted" : "mic"} /><span>${call.muted ? "Unmute" : "Mute"}</span></button>`;
}

export function HoldButton({ call }) {
  const down = (event) => {
    // The finger may slide off the button while the person speaks.
    if (event.isTrusted) event.currentTarget.setPointerCapture(event.pointerId);
    call.hold();
  };
  const keys = (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (event.type === "keydown") call.hold();
    else call.letGo();
  };
  return html`<button type="button" class="tool hold" aria-pressed=${call.holding} onpointerdown=${down} onpointerup=${() => call.letGo()}
      onpointercancel=${() => call.letGo()} oncontextmenu=${(e) => e.preventDefault()} onkeydown=${keys} onkeyup=${keys}
      onblur=${() => call.letGo()} title="or hold the space bar">
    <${Icon} name="mic" /><span>${call.holding ? "Listening…" : "Hold to talk"}</span></button>`;
}

function Mode({ call, settings }) {
  const turn = settings.values.turn;
  const choose = (type) => type !== turn.type && settings.change("turn", { ...turn, type }, call);
  const automatic = turn.type === "off" ? "semantic_vad" : turn.type;
  return html`<fieldset class="mode" onpointerup=${(e) => setTimeout(() => document.activeElement?.closest?.(".mode") && document.activeElement.blur(), 50)}><legend class="sr">When the agent listens</legend>
    <label><input type="radio" name="mode" checked=${turn.type !== "off"} onchange=${() => choose(automatic)} /><span>Hands-free</span></label>
    <label><input type="radio" name="mode" checked=${turn.type === "off"} onchange=${() => choose("off")} /><span>Push to talk</span></label>
  </fieldset>`;
}

export function DeviceMenu({ call, devices }) {
  // "default" is how Chromium lists the system's own once more.
  const options = (list) => [html`<option value="">System default</option>`,
    ...list.filter((d) => d.deviceId !== "default").map((d) => html`<option key=${d.deviceId} value=${d.deviceId}>${d.label}</option>`)];
  const menu = useRef(null);
  const away = (event) => menu.current.contains(event.target) || (menu.current.open = false);
  useEffect(() => {
    window.addEventListener("pointerdown", away);
    return () => window.removeEventListener("pointerdown", away);
  }, []);
  // Escape closes what is open, before it stops the agent.
  const escape = (event) => {
    if (event.key !== "Escape" || !menu.current.open) return;
    event.stopPropagation();
    menu.current.open = false;
    menu.current.firstElementChild.focus();
  };
  return html`<details class="devices" ref=${menu} onkeydown=${escape}>
    <summary class="tool" title="Microphone and output"><${Icon} name="device" /><span class="sr">Devices</span></summary>
    <div class="pop">
      <label>Microphone <select value=${devices.mic} onchange=${(e) => call.mic.choose(e.target.value)}>${options(devices.mics)}</select></label>
      ${devices.canChooseOutput && html`<label>Output
        <select value=${devices.output} onchange=${(e) => call.output.choose(e.target.value)}>${options(devices.outputs)}</select></label>`}
      ${!devices.mics.length && html`<p class="fine">Browsers tell the names after you allowed the microphone.</p>`}
    </div>
  </details>`;
}

function Typing({ call }) {
  const [text, setText] = useState("");
  const send = async (event) => {
    event.preventDefault();
    const words = text.trim();
    if (!words) return;
    if (!call.busy) await call.start({ typing: true });
    if (call.state !== "live") return;
    call.say(words);
    setText("");
  };
  return html`<form class="typing" onsubmit=${send}>
    <input aria-label="Type to the agent" placeholder=${call.state === "idle" ? "Or just type" : "Type instead of speaking"}
      value=${text} oninput=${(e) => setText(e.target.value)} enterkeyhint="send" maxlength="4000" />
    <button class="quiet" aria-label="Send" disabled=${!text.trim()}><${Icon} name="send" /></button>
  </form>`;
}

/** Space holds the microphone open, Escape stops the agent; not while a control has the focus that needs those keys. */
function useKeys(call) {
  useEffect(() => {
    const free = (target) => !target.closest?.("input, textarea, select, button, summary, a, [role=tab], [contenteditable]");
    const down = (event) => {
      if (event.key === "Escape" && call.state === "live") call.stopAgent();
      if (event.key !== " " || !free(event.target) || !call.byHand || call.state !== "live") return;
      event.preventDefault();
      if (!event.repeat) call.hold();
    };
    const up = (event) => event.key === " " && free(event.target) && call.letGo();
    const away = () => call.letGo();
    const on = { keydown: down, keyup: up, blur: away };
    for (const [name, listener] of Object.entries(on)) window.addEventListener(name, listener);
    return () => Object.entries(on).forEach(([name, listener]) => window.removeEventListener(name, listener));
  }, [call]);
}
