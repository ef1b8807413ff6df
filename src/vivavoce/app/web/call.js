// One call: WebRTC, its two channels, and what the person at the page does with them.

import { Hold } from "./hold.js";
import { Link } from "./link.js";
import { Microphone } from "./microphone.js";
import { Model, store, stored } from "./model.js";
import { Output } from "./output.js";
import { ENDED, LOST, platformProblem, Problem } from "./problems.js";

const RETRIES_MS = [500, 1500, 4000];

export class Call extends Model {
  /** idle, connecting, live, retrying */
  state = "idle";
  problem = null;
  muted = false;
  startedAt = 0;
  /** When the state became what it is. */
  since = 0;
  /** What the server said of itself: `call.started`, and the session as it is in force. */
  about = null;
  session = null;
  /** The response that is being made, and the one that is being played. */
  response = null;
  playing = null;
  floor = "nobody";
  #link = null;
  #numbers = 0;
  /** Which start this is: one that was given up must not come true later. */
  #try = 0;
  #hold = new Hold(this, () => this.#gate());
  #listeners = new Set();

  /** `mayEnd()`: is it no problem when the server ends the call now? */
  constructor({ devices, sound, settings, history, mayEnd }) {
    super();
    Object.assign(this, { devices, sound, settings, history, mayEnd });
    const onProblem = (problem, solved) => this.#aboutDevice(problem, solved);
    this.mic = new Microphone({ devices, sound, onStream: (stream) => this.#speak(stream), onProblem });
    this.output = new Output({ devices, sound, onProblem });
    devices.onPlugged = () => {
      this.mic.follow();
      this.output.follow();
    };
  }

  get micless() {
    return this.mic.typing;
  }

  get busy() {
    return this.state !== "idle";
  }

  get speaking() {
    return Boolean(this.response || this.playing);
  }

  get holding() {
    return this.#hold.held;
  }

  get hint() {
    return this.#hold.hint;
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
    const mine = ++this.#try;
    try {
      const problem = platformProblem();
      if (problem) throw problem;
      await this.sound.open();
      await this.mic.open(typing);
      if (mine === this.#try) await this.#connect();
    } catch (error) {
      if (mine === this.#try) this.#fail(error);
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
    if (this.speaking) this.stopAgent();
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
    if (this.state === "live" && this.byHand) this.#hold.press();
  }

  letGo() {
    this.#hold.release();
  }

  /** The turn detection changed: the microphone is open, or waits for the key. */
  turnsChanged() {
    if (!this.byHand) this.#hold.reset();
    this.#gate();
  }

  dismiss() {
    this.problem = null;
    this.changed();
  }

  async #connect() {
    const link = new Link({
      mic: this.mic.stream,
      session: this.settings.session(),
      key: stored("sessionStorage", "key", ""),
      onMessage: (channel, event) => this.#receive(channel, event),
      onAgent: (stream) => this.sound.setAgent(stream),
      onLost: (onPurpose) => this.#link === link && (onPurpose ? this.#ended() : this.#lost()),
    });
    this.#link = link;
    this.#gate();
    this.#tell("page", "note", { type: "connecting" });
    await link.connect();
    if (this.#link !== link) return link.close();
    this.startedAt ||= performance.now();
    await this.output.follow();
    this.#tell("page", "note", { type: "connected", call_id: link.callId });
    // What was said before belongs to the conversation, though the session is new.
    for (const item of this.history()) this.send({ type: "conversation.item.create", item });
    return this.#become("live");
  }

  #ended() {
    if (this.mayEnd()) this.hangUp();
    else this.#fail(ENDED());
  }

  async #lost() {
    const mine = this.#try;
    this.#tell("page", "note", { type: "lost" });
    for (const wait of RETRIES_MS) {
      this.#become("retrying");
      await new Promise((done) => setTimeout(done, wait));
      if (mine !== this.#try) return;
      try {
        await this.#connect();
        return;
      } catch (error) {
        if (mine !== this.#try) return;
        if (!["gone", "no-route", "busy", "lost"].includes(error.code)) return void this.#fail(error);
      }
    }
    if (mine === this.#try) this.#fail(LOST());
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
    if (event.type === "input_audio_buffer.speech_started") this.voiced = true;
    else if (event.type === "input_audio_buffer.speech_stopped") this.voiced = false;
    this.floor = this.playing ? (this.voiced ? "both" : "agent") : this.voiced ? "user" : "nobody";
  }

  #tell(channel, direction, event) {
    const message = { channel, direction, event, at: performance.now() };
    for (const listener of this.#listeners) listener(message);
  }

  /** Is the microphone open? Everything that closes it meets here. */
  #gate() {
    const open = !this.muted && (!this.byHand || this.#hold.open);
    for (const track of this.mic.stream?.getAudioTracks() ?? []) track.enabled = open;
    this.changed();
  }

  #speak(stream) {
    this.#gate();
    this.sound.setMic(stream);
    this.#link?.replaceMic(stream);
  }

  #aboutDevice(problem, solved) {
    if (problem) this.#show(problem);
    else if (this.problem?.code.startsWith(solved)) this.dismiss();
  }

  #become(state) {
    if (state !== this.state) this.since = performance.now();
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
    this.settings.refuse(error.param, error.detail);
    const link = this.#link;
    this.#end();
    link?.close();
    this.#show(error);
  }

  #end() {
    if (this.#link) this.#tell("page", "note", { type: "ended", connected: this.startedAt > 0 });
    this.#try += 1;
    this.#link = null;
    this.#hold.reset();
    Object.assign(this, { response: null, playing: null, floor: "nobody", startedAt: 0 });
    this.mic.close();
    this.sound.rest();
    this.#become("idle");
  }
}
