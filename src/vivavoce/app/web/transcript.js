// What was said, by whom, and what of it was heard: made from the messages of a call, live or recorded.

import { Model } from "./model.js";

const MOST_ENTRIES = 500;
/** Between two reports of what was played, time goes on by itself; not further, since nothing may be shown as heard too soon. */
const AHEAD_MS = 150;

export class Transcript extends Model {
  entries = [];
  /** Final lines for screen readers, newest last. */
  said = [];
  /** Of a duet: which side a speaker is on. */
  sides = new Map();
  /** What the server said last of who talks, and about what. */
  duet = null;
  #session = 0;
  #ours = false;

  clear() {
    this.entries = [];
    this.said = [];
    this.changed();
  }

  /** Take one message; `at` in ms, of any clock that `heardTo` is asked with too. */
  receive({ channel, direction, event, at }) {
    if (channel === "vivavoce" && event.type === "call.started") this.#ours = true;
    const [prefix, take] = channel === "vivavoce" ? ["own", OWN] : channel === "page" ? ["page", PAGE] : ["oai", OAI];
    if (prefix === "oai" && direction === "out" && !SENT.has(event.type)) return;
    const act = take[event.type];
    if (!act || (this.#ours && prefix === "oai" && SPOKEN.has(event.type))) return;
    act(this, event, at);
    this.changed();
  }

  /** A new session counts its turns and replies from one again. */
  newSession() {
    this.#session += 1;
    this.#ours = false;
  }

  find(kind, key, value) {
    return this.entries.findLast((e) => e.kind === kind && e.session === this.#session && e[key] === value && value != null);
  }

  add(entry) {
    const added = { session: this.#session, id: `${this.#session}-${++this.count}`, ...entry };
    this.entries.push(added);
    if (this.entries.length > MOST_ENTRIES) this.entries.shift();
    return added;
  }

  count = 0;

  tell(line) {
    this.said = [...this.said.slice(-20), { id: ++this.count, line }];
  }

  /** The earlier turns as items for a new session: what was said, and of the agent only what was heard. */
  items() {
    const items = [];
    for (const [n, entry] of this.entries.entries()) {
      const text = entry.kind === "user" && entry.final && !entry.dropped ? entry.text
        // Two agents talked with each other, not with whoever is called next.
        : entry.kind === "agent" && !entry.speaker ? (entry.ended ? entry.heard : heardText(entry)) : "";
      if (!text?.trim()) continue;
      const part = { type: entry.kind === "user" ? "input_text" : "output_text", text: text.trim() };
      const role = entry.kind === "user" ? "user" : "assistant";
      items.push({ id: `past_${this.#session}_${n}`, type: "message", role, content: [part] });
    }
    return items.slice(-60);
  }
}

/** How far into its own audio a reply has been heard, in ms. The server tells it a few times a second. */
export function heardTo(entry, now) {
  if (entry.ended) return entry.ended === "done" ? Infinity : entry.heardMs;
  if (!entry.playing) return entry.heardMs ?? 0;
  return entry.playing.ms + Math.min(AHEAD_MS, Math.max(0, now - entry.playing.at));
}

/** The text in parts: [{text, state}] with state heard, now, next or unheard (cut away before it was heard). */
export function parts(entry, now) {
  const text = entry.text || entry.words.map((w) => w.text).join(" ");
  if (entry.ended === "done") return [{ text, state: "heard" }];
  if (entry.ended) {
    const heard = text.startsWith(entry.heard) ? entry.heard.length : 0;
    if (!heard && entry.heard) return [{ text: entry.heard, state: "heard" }];
    return [{ text: text.slice(0, heard), state: "heard" }, { text: text.slice(heard), state: "unheard" }].filter((p) => p.text);
  }
  // What is ready but not begun has no word that is heard now.
  if (!entry.words.length || !entry.audible) return [{ text, state: entry.audible ? "heard" : "next" }];
  return spoken(text, entry.words, heardTo(entry, now));
}

/** What was heard so far of a reply that is still open. */
function heardText(entry) {
  const heard = parts(entry, entry.playing?.at ?? 0).filter((part) => part.state === "heard" || part.state === "now");
  return heard.map((part) => part.text).join("");
}

function spoken(text, words, ms) {
  let cursor = 0, heard = 0, current = null;
  for (const word of words) {
    const at = text.toLowerCase().indexOf(word.text.toLowerCase().trim(), cursor);
    // A word that the voice speaks otherwise than it is written does not throw the others off.
    if (at < 0 || at > cursor + 60) continue;
    cursor = at + word.text.trim().length;
    if (word.end_ms <= ms) heard = cursor;
    else if (word.start_ms <= ms) current = [at, cursor];
  }
  const now = current ?? [heard, heard];
  return [
    { text: text.slice(0, now[0]), state: "heard" },
    { text: text.slice(...now), state: "now" },
    { text: text.slice(now[1]), state: "next" },
  ].filter((part) => part.text);
}

function reply(log, event, at) {
  const found = log.find("agent", "reply", event.reply) ?? log.find("agent", "item", event.item_id);
  const entry = found ?? log.add({ kind: "agent", at, text: "", heard: "", words: [], marks: [], reply: null, item: null });
  if (event.reply != null) entry.reply = event.reply;
  if (event.item_id) entry.item = event.item_id;
  return entry;
}

function user(log, event, at) {
  const found = log.find("user", "turn", event.turn);
  if (found) return found;
  // Sound that was no turn may never be told to be over; the next words tell it.
  for (const entry of log.entries.slice(-10)) if (entry.kind === "user") entry.over = true;
  return log.add({ kind: "user", at, turn: event.turn, text: "" });
}

function finish(log, entry, ending, heard) {
  entry.ended = ending;
  entry.heard = heard;
  entry.playing = null;
  if (heard) log.tell(`${entry.speaker || "Agent"}: ${heard}${ending === "cut" ? " (interrupted)" : ""}`);
  // What one of two agents had prepared, and what then changed, is no part of their talk.
  else if ((!entry.text || entry.speaker) && ending !== "failed") log.entries = log.entries.filter((other) => other !== entry);
}

function tool(log, id, at) {
  return log.find("tool", "call", id) ?? log.add({ kind: "tool", at, call: id, state: "started", name: "", arguments: "" });
}

const OWN = {
  "user.words": (log, event, at) => {
    const entry = user(log, event, at);
    if (event.final && !entry.final) log.tell(`You: ${event.text}`);
    Object.assign(entry, { text: event.text, final: event.final });
  },
  "user.dropped": (log, event, at) => {
    const why = event.why || "it was no turn", last = log.entries.at(-1);
    // A cough after a cough is one line.
    if (!event.text && last?.dropped === why && !last.text && last.turn !== event.turn) last.times += 1;
    else {
      const entry = user(log, event, at);
      Object.assign(entry, { text: event.text || entry.text, final: true, dropped: why, times: 1 });
    }
  },
  "agent.voice": (log, event, at) => {
    const entry = log.find("agent", "reply", event.reply);
    if (entry?.playing && event.action === "hold") entry.playing.at = Infinity;
    entry?.marks.push({ action: event.action, says: event.says || event.why, at });
  },
  "reply.opened": (log, event, at) => Object.assign(reply(log, event, at), { origin: event.origin, speaker: event.speaker ?? "" }),
  "reply.words": (log, event, at) => {
    const entry = reply(log, event, at);
    entry.words.push(...event.words);
    entry.exact = event.exact;
  },
  "reply.playing": (log, event, at) => {
    const entry = reply(log, event, at);
    // It may have been ready long before it was its turn.
    if (entry.speaker && entry.heardMs === undefined) entry.at = at;
    Object.assign(entry, { playing: { ms: event.ms, at }, heardMs: event.ms, audible: true });
  },
  "reply.closed": (log, event, at) => {
    const entry = reply(log, event, at);
    Object.assign(entry, { text: event.text || entry.text, heardMs: event.ms, exact: event.exact });
    finish(log, entry, event.ending, event.heard);
  },
  "duet.begun": (log, { seats, topic }, at) => {
    const before = [...log.sides.keys()], names = seats.map((seat) => seat.name);
    seats.forEach(({ name }, n) => log.sides.set(name, "ab"[n]));
    const came = log.duet && names.filter((name) => !log.duet.names.includes(name));
    for (const name of came ?? []) log.add({ kind: "note", at, text: `${name} takes a seat${before.includes(name) ? " again" : ""}.` });
    if (log.duet && log.duet.topic !== topic) log.add({ kind: "note", at, text: `The topic is now: ${topic}` });
    log.duet = { names, topic };
  },
  "duet.turn": (log, { speaker, gap_ms, turn, hops }) => {
    const entry = log.entries.findLast((e) => e.speaker === speaker && e.audible && !e.facts);
    if (entry) entry.facts = { gap_ms, turn, hops };
  },
  tool: (log, event, at) => {
    const entry = tool(log, event.call, at);
    const { state, output, name = entry.name, arguments: given = entry.arguments } = event;
    Object.assign(entry, { state, output: output ?? entry.output, name, arguments: given });
  },
};

const OAI = {
  "conversation.item.added": (log, { item }, at) => addItem(log, item, at),
  "conversation.item.create": (log, { item }, at) => addItem(log, item, at),
  "conversation.item.input_audio_transcription.delta": (log, event, at) => {
    user(log, { turn: event.item_id }, at).text += event.delta;
  },
  "conversation.item.input_audio_transcription.completed": (log, event, at) => {
    Object.assign(user(log, { turn: event.item_id }, at), { text: event.transcript, final: true });
    log.tell(`You: ${event.transcript}`);
  },
  "response.output_audio_transcript.delta": (log, event, at) => void (reply(log, event, at).text += event.delta),
  "response.output_text.delta": (log, event, at) => {
    const entry = reply(log, event, at);
    entry.text += event.delta;
    entry.audible = true;
  },
  "response.output_item.added": (log, event, at) => {
    if (event.item.type === "message") reply(log, { item_id: event.item.id }, at).response = event.response_id;
  },
  "output_audio_buffer.started": (log, event) => {
    const entry = log.find("agent", "response", event.response_id);
    if (entry) entry.audible = true;
  },
  "output_audio_buffer.stopped": (log, event) => {
    const entry = log.find("agent", "response", event.response_id);
    if (entry && !entry.ended) finish(log, entry, "done", entry.text);
  },
  "conversation.item.truncated": (log, event) => {
    const entry = log.find("agent", "item", event.item_id);
    if (!entry || entry.ended) return;
    // Without word times nobody here knows which words were heard; say how long it was.
    entry.marks.push({ action: "stop", says: `after ${(event.audio_end_ms / 1000).toFixed(1)} s` });
    finish(log, entry, "done", entry.text);
  },
  "response.function_call_arguments.done": (log, event, at) => {
    const entry = tool(log, event.call_id, at);
    Object.assign(entry, { name: event.name, arguments: event.arguments, ours: true });
  },
  "vivavoce.duet.begin": (log) => void (log.duet = null),
  "vivavoce.duet.update": (log, { say }, at) => say && log.add({ kind: "cue", at, text: say }),
  // What is wrong with a setting, or with what a duet was told, stands at its field.
  error: (log, { error }, at) => error.param?.startsWith("session") || error.event_id?.startsWith("duet_") || log.add({ kind: "note", at, tone: "bad", text: error.message }),
};

function addItem(log, item, at) {
  if (item.id?.startsWith("past_")) return;
  if (item.type === "function_call_output") {
    Object.assign(tool(log, item.call_id, at), { state: "done", output: item.output });
  } else if (item.role === "user" && item.content?.[0]?.type === "input_text" && !log.find("user", "turn", item.id)) {
    const text = item.content.map((part) => part.text).join(" ");
    Object.assign(user(log, { turn: item.id }, at), { text, final: true, typed: true });
  }
}

const PAGE = {
  connecting: (log) => log.newSession(),
  connected: (log, event, at) => {
    if (log.entries.length) log.add({ kind: "note", at, text: "Connected: the conversation goes on." });
  },
  lost: (log, event, at) => {
    settle(log);
    log.add({ kind: "note", at, tone: "bad", text: "The connection was lost." });
  },
  ended: (log, event, at) => {
    settle(log);
    if (event.connected && log.entries.length) log.add({ kind: "note", at, text: "The call ended." });
  },
};

/** Nothing more will come of what is still open. */
function settle(log) {
  for (const entry of log.entries) {
    if (entry.kind === "agent" && !entry.ended) finish(log, entry, "cut", heardText(entry));
    else if (entry.kind === "user") entry.final = true;
  }
}

/** Said twice, on both channels: ours tells more. */
const SPOKEN = new Set(["conversation.item.input_audio_transcription.delta",
  "conversation.item.input_audio_transcription.completed", "output_audio_buffer.stopped", "conversation.item.truncated"]);
const SENT = new Set(["conversation.item.create", "vivavoce.duet.begin", "vivavoce.duet.update"]);
