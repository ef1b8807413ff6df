// A problem, in words, with the way out of it.

import { html, Icon, useState } from "./ui.js";

/** `onLive()`: a way out of it led to a call. */
export function ProblemView({ problem, call, onLive }) {
  const [key, setKey] = useState("");
  if (!problem) return null;
  const then = async (started) => {
    await started;
    if (call.state === "live") onLive?.();
  };
  const again = () => then(call.start({ typing: call.micless }));
  const tryKey = (event) => {
    event.preventDefault();
    then(call.useKey(key.trim()));
  };
  return html`<section class="problem" role="alert">
    <${Icon} name="alert" />
    <div>
      <h2>${problem.title}</h2>
      <p>${problem.advice}</p>
      ${problem.offer === "key" && html`<form onsubmit=${tryKey}>
        <label>API key <input type="password" autocomplete="off" value=${key} oninput=${(e) => setKey(e.target.value)} required /></label>
        <button class="strong">Connect</button>
      </form>`}
      <p class="ways">
        ${["retry", "type"].includes(problem.offer) && !call.busy &&
          html`<button type="button" class="strong" onclick=${again}>${["lost", "ended"].includes(problem.code) ? "Reconnect" : "Try again"}</button>`}
        ${problem.offer === "type" && !call.busy && html`<button type="button" class="quiet" onclick=${() => then(call.start({ typing: true }))}>Go on by typing</button>`}
        <button type="button" class="quiet" onclick=${() => call.dismiss()}>Dismiss</button>
      </p>
      ${problem.detail && html`<p class="fine">${problem.detail}</p>`}
    </div>
  </section>`;
}
