// What the person at the page asks of a duet: begin it, steer it, end it.

import { store, stored } from "./model.js";

/** Something to press the button with. */
const DEFAULTS = {
  topic: "Robots as mayors: no coffee, no bribes, no parades. Mayors of today: speeches, ribbons, and babies on every poster.",
  a: { known: "optimist", name: "Zoe", instructions: "You are Zoe, a poet. Answer in two short sentences, and end with an image.", voice: "grace" },
  b: { known: "skeptic", name: "Winston", instructions: "You are Winston, an old sea captain. Answer in two short sentences, and doubt everything on land.", voice: "winston" },
  turns: 12,
  gap: "none",
  gap_ms: 500,
  answers: "other",
  budget: "",
  listen: false,
};
/** As long as no server told its own. */
const PERSONAS = { optimist: "Olive", skeptic: "Magnus" };

export class Steering {
  /** What was asked for last; the form begins with it. */
  wish = { ...structuredClone(DEFAULTS), ...stored("localStorage", "duet", {}) };
  /** Why the person only listens; empty where they do not. */
  deaf = "";
  #number = 0;

  constructor(duet, call) {
    Object.assign(this, { duet, call });
    call.onMessage(({ event }) => event.type === "call.started" && event.personas && store("localStorage", "personas", event.personas));
    // A call that was opened for it serves nothing else.
    duet.onChange(() => this.#opened && duet.state === "idle" && duet.notes.begin?.state === "refused" && this.stop());
  }

  #opened = false;

  /** name -> shown name */
  get personas() {
    return this.call.about?.personas ?? stored("localStorage", "personas", PERSONAS);
  }

  get voices() {
    return this.call.about?.voices ?? stored("localStorage", "voices", []);
  }

  /** Connect if need be, with the microphone if there is one, and begin. */
  async begin(wish = this.wish) {
    const { call, duet } = this;
    this.wish = wish;
    store("localStorage", "duet", wish);
    const fault = faultOf(wish);
    if (fault) return duet.note("begin", "refused", fault);
    duet.clear();
    duet.state = "asked";
    this.deaf = "";
    if (!call.busy) {
      this.#opened = true;
      await this.#connect(wish.listen);
    }
    // Why is said by the call itself.
    if (call.state !== "live") return duet.clear();
    const gap = { gap_ms: wish.gap === "own" ? wish.gap_ms : 0, natural: wish.gap === "natural" };
    const { topic, turns, answers } = wish;
    const about = { topic, a: persona(wish.a), b: persona(wish.b), turns, ...gap, answers, budget: Number(wish.budget) || 0 };
    return this.#send("begin", { type: "vivavoce.duet.begin", ...about });
  }

  /** Change one thing while it runs: field is say, topic, a, b or turns. */
  change(field, value) {
    return this.#send(field, { type: "vivavoce.duet.update", [field]: "ab".includes(field) ? persona(value) : value });
  }

  stop() {
    this.#opened = false;
    this.call.hangUp();
  }

  /** The connection broke. */
  lose() {
    this.stop();
    this.duet.note("begin", "refused", "The connection was lost, and with it the two. Start again when the network is back.");
  }

  async #connect(listen) {
    const { call } = this;
    await call.start({ typing: listen });
    if (listen) this.deaf = "You chose to listen only.";
    if (!call.problem?.code.startsWith("mic") || call.busy) return;
    // Who has no microphone, or does not want to give it, can still listen.
    this.deaf = `${call.problem.title}: you listen. To cut in, end this one, allow a microphone and start again.`;
    await call.start({ typing: true });
  }

  #send(field, event) {
    this.call.send({ event_id: `duet_${field}_${++this.#number}`, ...event });
  }
}

/** As the server wants it: the name of one that it knows, or all of somebody else. */
function persona({ known, name, instructions, voice }) {
  return known || { name: name.trim(), instructions: instructions.trim(), ...(voice && { voice }) };
}

/** What is missing, as the server would say it; it need not be called for that. */
function faultOf({ topic, a, b }) {
  if (!topic.trim()) return "The topic is empty; fix: write what they are to talk about.";
  for (const [one, place] of [[a, "begins"], [b, "answers"]]) {
    if (!one.known && !one.name.trim()) return `Who ${place} has no name; fix: write one.`;
    if (!one.known && !one.instructions.trim()) return `Who ${place} has no instructions; fix: write who they are.`;
  }
  return "";
}
