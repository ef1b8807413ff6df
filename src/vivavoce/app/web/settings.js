// What the agent is asked to be: kept in this browser, sent with the call, changed while it runs.

import { Model, store, stored } from "./model.js";
import { demoTools } from "./tools.js";

const DEFAULTS = {
  instructions: "",
  voice: "",
  speed: 1,
  turn: {
    type: "semantic_vad", eagerness: "auto", threshold: 0.5, silence_duration_ms: 500, prefix_padding_ms: 300,
    idle_timeout_ms: null, interrupt_response: true, create_response: true,
  },
  demo: false,
  tools: "",
};

/** Which field a protocol parameter belongs to. */
const FIELDS = [
  [/instructions/, "instructions"],
  [/voice/, "voice"],
  [/speed/, "speed"],
  [/turn_detection/, "turn"],
  [/tools/, "tools"],
];

export class Settings extends Model {
  values = { ...structuredClone(DEFAULTS), ...stored("localStorage", "agent", {}) };
  /** field -> {state: sent | applied | refused | next, text} */
  notes = {};
  #asked = new Map();

  /** The whole session object that a call begins with: only what differs from the server's own defaults. */
  session() {
    const { instructions, voice, speed } = this.values;
    const output = { ...(voice && { voice }), ...(speed !== 1 && { speed }) };
    const tools = this.#tools();
    return {
      type: "realtime",
      ...(instructions.trim() && { instructions }),
      ...(tools.length && { tools }),
      audio: {
        input: { turn_detection: this.turnDetection(), transcription: { model: "vivavoce" } },
        ...(Object.keys(output).length && { output }),
      },
    };
  }

  turnDetection() {
    const turn = this.values.turn;
    if (turn.type === "off") return null;
    const { type, interrupt_response, create_response } = turn;
    const common = { type, interrupt_response, create_response };
    if (type === "semantic_vad") return { ...common, eagerness: turn.eagerness };
    const { threshold, silence_duration_ms, prefix_padding_ms, idle_timeout_ms } = turn;
    return { ...common, threshold, silence_duration_ms, prefix_padding_ms, idle_timeout_ms };
  }

  /** Set one field; `call` applies it at once when a call runs. */
  change(field, value, call) {
    this.values = { ...this.values, [field]: value };
    this.#keep();
    delete this.notes[field];
    let part;
    try {
      part = this.#part(field);
    } catch (error) {
      return this.note(field, "refused", error.message);
    }
    const id = call?.send({ type: "session.update", session: { type: "realtime", ...part } });
    if (id) {
      this.#asked.set(id, field);
      this.note(field, "sent", "");
    }
    if (field === "turn") call?.turnsChanged();
    return this.changed();
  }

  reset(call) {
    const before = this.values;
    this.values = structuredClone(DEFAULTS);
    for (const field of ["instructions", "voice", "speed", "turn", "tools"]) {
      const differs = JSON.stringify(before[field]) !== JSON.stringify(this.values[field]);
      if (differs || (field === "tools" && before.demo)) this.change(field, this.values[field], call);
    }
    this.notes = call?.state === "live" ? this.notes : {};
    this.#keep();
    this.changed();
  }

  /** What the server made of it. */
  receive({ channel, direction, event }) {
    if (channel !== "oai" || direction !== "in") return;
    if (event.type === "session.created") this.#asked.clear();
    if (event.type === "session.updated" && this.#asked.size) {
      // Updates are answered in order, so the oldest open one is meant.
      const [id, field] = this.#asked.entries().next().value;
      this.#asked.delete(id);
      this.note(field, "applied", "in force");
    } else if (event.type === "error") {
      const field = this.#asked.get(event.error.event_id) ?? this.#fieldOf(event.error.param);
      this.#asked.delete(event.error.event_id);
      if (!field) return;
      const later = event.error.code === "cannot_update_voice";
      this.note(field, later ? "next" : "refused", later ? "The agent has already spoken: from the next call on." : event.error.message);
    }
  }

  /** The server refused a call because of a parameter. */
  refuse(param, text) {
    const field = this.#fieldOf(param);
    if (field) this.note(field, "refused", text);
  }

  note(field, state, text) {
    this.notes = { ...this.notes, [field]: { state, text } };
    this.changed();
  }

  #fieldOf(param) {
    return FIELDS.find(([pattern]) => param && param.startsWith("session") && pattern.test(param))?.[1];
  }

  #part(field) {
    const { instructions, voice, speed } = this.values;
    if (field === "instructions") return { instructions };
    if (field === "voice") return voice ? { audio: { output: { voice } } } : {};
    if (field === "speed") return { audio: { output: { speed } } };
    if (field === "turn") return { audio: { input: { turn_detection: this.turnDetection() } } };
    return { tools: this.#parsedTools() };
  }

  /** Those that can be read; a mistake in them is shown at the field and keeps nobody from talking. */
  #tools() {
    try {
      return this.#parsedTools();
    } catch (error) {
      this.note("tools", "refused", error.message);
      return this.values.demo ? demoTools() : [];
    }
  }

  #parsedTools() {
    const text = this.values.tools.trim();
    let own = [];
    if (text) {
      try {
        own = JSON.parse(text);
      } catch (error) {
        throw new Error(`This is not JSON: ${error.message}`);
      }
      if (!Array.isArray(own)) throw new Error("Write a list of tools: [ … ]");
    }
    return [...(this.values.demo ? demoTools() : []), ...own];
  }

  #keep() {
    store("localStorage", "agent", this.values);
  }
}
