// One call: WebRTC, its two channels, and what the person at the page does with them.

import { Link } from "./link.js";
import { Model, store, stored } from "./model.js";
import { LOST, platformProblem, Problem } from "./problems.js";

/** Audio is still on its way when a key is released: jitter buffer, encoder, network. */
const TAIL_MS = 250;
const SHORTEST_HOLD_MS = 200;
const RETRIES_MS = [500, 1500, 4000];

export class Call extends Model {
  /** idle, connecting, live, retrying */
  state = "idle";
  problem = null;
  muted = false;
  micless = false;
  holding = false;
  hint = "";
  startedAt = 0;
  /** What the server said of itself: `call.started`, and the session as it is in force. */
  about = null;
  session = null;
  /** The response that is being made, and the one that is being played. */
  response = null;
  playing = null;
  floor = "nobody";
  #link = null;
  #mic = null;
  #numbers = 0;
  #heldAt = 0;
  #tail = null;
  #listeners = new Set();

  constructor({ devices, sound, settings, history }) {
    super();
    Object.assign(this, { devices, sound, settings, history });
  }

  get busy() {
    return this.state !== "idle";
  }

  get byHand() {
    return this.settings.values.turn.type === "off";
  }

  /** Every message of both channels, and of the page itself: listener(message) -> nothing. Returns what ends it. */
  onMessage(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start({ typing = false } = {}) {
    if (this.busy) return;
    this.#become("connecting");
    try {
      const problem = platformProblem();
      if (problem) throw problem;
      await this.sound.open();
      this.micless = typing;
      this.#mic = typing ? this.sound.silence() : await this.devices.openMic();
      this.sound.setMic(this.#mic);
      await this.#connect();
    } catch (error) {
      this.#fail(error);
    }
  }

  hangUp() {
    const link = this.#link;
    this.#end();
    link?.close();
  }

  /** Try a key that a person gave; it is forgotten with the tab. */
  useKey(key) {
    store("sessionStorage", "key", key || null);
    return this.start({ typing: this.micless });
  }

  mute(muted) {
    this.muted = muted;
    this.#gate();
  }

  async chooseMic(id) {
    this.devices.choose("mic", id);
    if (!this.#mic || this.micless) return;
    try {
      const stream = await this.devices.openMic();
      this.#release();
      this.#mic = stream;
      this.sound.setMic(stream);
      await this.#link?.replaceMic(stream);
      this.#gate();
    } catch (error) {
      this.#show(error);
    }
  }

  async chooseOutput(id) {
    this.devices.choose("output", id);
    await this.sound.setOutput(id).catch((error) => this.#show(new Problem("output", "That output cannot be used",
      "Choose another one.", "retry", error.message)));
  }

  /** Send one protocol event; returns its id, or null when there is no call. */
  send(event) {
    if (!this.#link?.open) return null;
    const sent = { event_id: `page_${++this.#numbers}`, ...event };
    this.#link.send(sent);
    this.#tell("oai", "out", sent);
    return sent.event_id;
  }

  say(text) {
    const item = { id: `typed_${Date.now().toString(36)}`, type: "message", role: "user", content: [{ type: "input_text", text }] };
    if (this.response || this.playing) this.stopAgent();
    this.send({ type: "conversation.item.create", item });
    this.send({ type: "response.create" });
  }

  stopAgent() {
    if (this.response) this.send({ type: "response.cancel" });
    this.send({ type: "output_audio_buffer.clear" });
  }

  /** Give the result of a function tool, and let the agent go on. */
  answerTool(callId, output) {
    this.send({ type: "conversation.item.create", item: { type: "function_call_output", call_id: callId, output } });
    this.send({ type: "response.create" });
  }

  hold() {
    if (this.state !== "live" || !this.byHand || this.holding) return;
    clearTimeout(this.#tail);
    this.#tail = null;
    this.holding = true;
    this.hint = "";
    this.#heldAt = performance.now();
    if (this.response || this.playing) this.stopAgent();
    this.send({ type: "input_audio_buffer.clear" });
    this.#gate();
  }

  letGo() {
    if (!this.holding) return;
    this.holding = false;
    const short = performance.now() - this.#heldAt < SHORTEST_HOLD_MS;
    if (short) this.hint = "Keep it pressed while you speak.";
    this.changed();
    this.#tail = setTimeout(() => {
      this.#tail = null;
      this.#gate();
      if (short) return this.send({ type: "input_audio_buffer.clear" });
      this.send({ type: "input_audio_buffer.commit" });
      return this.send({ type: "response.create" });
    }, short ? 0 : TAIL_MS);
  }

  /** The turn detection changed: the microphone is open, or waits for the key. */
  turnsChanged() {
    if (!this.byHand) this.holding = false;
    this.#gate();
  }

  dismiss() {
    this.problem = null;
    this.changed();
  }

  async #connect() {
    const link = new Link({
      mic: this.#mic,
      session: this.settings.session(),
      key: stored("sessionStorage", "key", ""),
      onMessage: (channel, event) => this.#receive(channel, event),
      onAgent: (stream) => this.sound.setAgent(stream),
      onLost: () => this.#link === link && this.#lost(),
    });
    this.#link = link;
    this.#gate();
    this.#tell("page", "note", { type: "connecting" });
    await link.connect();
    if (this.#link !== link) return link.close();
    this.startedAt ||= performance.now();
    await this.sound.setOutput(this.devices.output).catch(() => this.devices.choose("output", ""));
    this.#tell("page", "note", { type: "connected", call_id: link.callId });
    // What was said before belongs to the conversation, though the session is new.
    for (const item of this.history()) this.send({ type: "conversation.item.create", item });
    return this.#become("live");
  }

  async #lost() {
    this.#tell("page", "note", { type: "lost" });
    for (const wait of RETRIES_MS) {
      this.#become("retrying");
      await new Promise((done) => setTimeout(done, wait));
      if (this.state !== "retrying") return;
      try {
        await this.#connect();
        return;
      } catch (error) {
        if (!["gone", "no-route", "busy", "lost"].includes(error.code)) return void this.#fail(error);
      }
    }
    this.#fail(LOST());
  }

  #receive(channel, event) {
    if (event.type === "session.created" || event.type === "session.updated") this.session = event.session;
    else if (event.type === "response.created") this.response = event.response.id;
    else if (event.type === "response.done") this.response = null;
    else if (event.type === "output_audio_buffer.started") this.playing = event.response_id;
    else if (/^output_audio_buffer\.(stopped|cleared)$/.test(event.type)) this.playing = null;
    else if (event.type === "call.started") this.about = event;
    else if (event.type === "floor") this.floor = event.floor;
    this.#guessFloor(event);
    this.#tell(channel, "in", event);
    this.changed();
  }

  /** Servers that do not say who has the floor let us guess it. */
  #guessFloor(event) {
    if (this.about) return;
    if (event.type === "input_audio_buffer.speech_started") this.speaking = true;
    else if (event.type === "input_audio_buffer.speech_stopped") this.speaking = false;
    this.floor = this.playing ? (this.speaking ? "both" : "agent") : this.speaking ? "user" : "nobody";
  }

  #tell(channel, direction, event) {
    const message = { channel, direction, event, at: performance.now() };
    for (const listener of this.#listeners) listener(message);
  }

  /** Is the microphone open? Everything that closes it meets here. */
  #gate() {
    const open = !this.muted && (!this.byHand || this.holding || this.#tail !== null);
    for (const track of this.#mic?.getAudioTracks() ?? []) track.enabled = open;
    this.changed();
  }

  #become(state) {
    this.state = state;
    this.problem = null;
    this.changed();
  }

  #show(error) {
    this.problem = error instanceof Problem ? error
      : new Problem("failed", "Something went wrong in the page", "Try again; if it stays, reload the page.", "retry", String(error));
    this.changed();
  }

  #fail(error) {
    const link = this.#link;
    this.#end();
    link?.close();
    this.#show(error);
  }

  #end() {
    if (this.#link) this.#tell("page", "note", { type: "ended", connected: this.startedAt > 0 });
    clearTimeout(this.#tail);
    this.#tail = null;
    this.#link = null;
    Object.assign(this, { holding: false, response: null, playing: null, floor: "nobody", startedAt: 0, hint: "" });
    this.#release();
    this.sound.rest();
    this.#become("idle");
  }

  #release() {
    if (!this.micless) for (const track of this.#mic?.getTracks() ?? []) track.stop();
    this.#mic = null;
  }
}
