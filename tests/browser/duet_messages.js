// What a page is told of a duet: to the model alone, and to a whole page whose server `fake_server.js` plays.

window.duets = {
  /** Everything that the model takes, once; returns what it then says. */
  async told() {
    const { Duet } = await import("/assets/duet.js");
    const duet = new Duet();
    const receive = (channel, direction) => (type, event, at) => duet.receive({ channel, direction, event: { type, ...event }, at });
    const tell = receive("vivavoce", "in"), send = receive("oai", "out"), answer = receive("oai", "in"), note = receive("page", "note");
    const seats = [{ name: "Olive" }, { name: "Magnus" }], about = { topic: "Cats", turns: 3, estimate: null };
    const turn = { hops: [], interrupted: false };
    tell("call.started", { at_ms: 0 }, 4000);
    send("vivavoce.duet.begin", { event_id: "duet_begin_1", topic: "Cats" }, 5000);
    const asked = duet.state;
    tell("duet.begun", { at_ms: 1000, seats, ...about }, 5010);
    tell("duet.wave", { at_ms: 1100, speaker: "Olive", step_ms: 20, peaks: [0.1, 0.5, 0.2, 0, 0] }, 5200);
    tell("duet.wave", { at_ms: 1100, speaker: "Nobody", step_ms: 20, peaks: [1] }, 5200);
    tell("duet.turn", { ...turn, at_ms: 2000, turn: 1, speaker: "Olive", start_ms: 1100, end_ms: 2000, gap_ms: null }, 6100);
    const hops = [{ name: "llm_first_token", ms: 300 }, { name: "tts_first_byte", ms: 60 }];
    const late = { hops, interrupted: true, gap_ms: 360, start_ms: 2360, end_ms: 3000 };
    tell("duet.turn", { at_ms: 3000, turn: 2, speaker: "Magnus", ...late }, 7100);
    tell("floor", { at_ms: 2900, floor: "both" }, 7100);
    tell("floor", { at_ms: 3400, floor: "nobody" }, 7500);
    send("vivavoce.duet.update", { event_id: "duet_a_2", a: "skeptic" }, 7550);
    send("vivavoce.duet.update", { event_id: "duet_say_3", say: "Well?" }, 7550);
    answer("error", { error: { event_id: "duet_a_2", message: "no" } }, 7600);
    tell("duet.begun", { at_ms: 3600, seats: [{ name: "Zoe" }, seats[1]], ...about }, 7700);
    tell("duet.turn", { ...turn, at_ms: 4000, turn: 3, speaker: "Olive", start_ms: 2990, end_ms: 4000, gap_ms: -10 }, 8000);
    const head = duet.head(8200);
    note("ended", {}, 8300);
    return {
      asked, head, state: duet.state, after: duet.head(99999), notes: duet.notes, sum: duet.summary(), person: duet.person,
      peaks: [duet.waves.a.peak(100, 180), duet.waves.a.peak(0, 100), duet.waves.b.end],
      turns: duet.turns.map(({ lane, from, to, slow }) => [lane, from, to, slow?.name ?? null]),
    };
  },

  /** Six answers whose gaps grow, the fourth one interrupted. */
  play() {
    const text = "Cats and boxes and cats and boxes again.", peaks = [0.3, 0.5, 0.2, 0.4, 0.1];
    const seats = [{ name: "Olive", voice: "amy", llm: "m", tts: "y" }, { name: "Magnus" }];
    fake.tell({ type: "duet.begun", topic: "Cats", turns: 9, estimate: 0.1, seats });
    for (let n = 0; n < 6; n++) {
      const speaker = n % 2 ? "Magnus" : "Olive", at = 3000 * n + 1;
      const ids = { reply: 50 + n, item_id: `duet${n}` }, turn = { turn: n + 1, start_ms: at, end_ms: at + 3000 };
      fake.tell({ type: "reply.opened", ...ids, origin: "duet", speaker });
      fake.tell({ type: "reply.words", ...ids, words: [{ text, start_ms: 0, end_ms: 2900 }], exact: true });
      fake.tell({ type: "reply.playing", ...ids, ms: 2000 });
      for (let k = 0; k < 30; k++) fake.tell({ type: "duet.wave", speaker, at_ms: at + 100 * k, step_ms: 20, peaks });
      const hops = [{ name: "llm_first_token", ms: 350 }], gap_ms = n ? 400 * n - 500 : null;
      fake.tell({ type: "duet.turn", speaker, ...turn, gap_ms, interrupted: n === 3, cost: 0, hops });
      fake.tell({ type: "reply.closed", ...ids, ending: "done", text, heard: text, exact: true, ms: 2900 });
    }
    const llm = { cost: 0.0123, amounts: { "openai:m:input_tokens": 512, "openai:m:output_tokens": 90 } };
    const side = { llm, tts: { cost: null, amounts: { "x:y:characters": 300 } } };
    const listener = { stt: { cost: 0, amounts: { "z:w:seconds": 18 } } };
    fake.tell({ type: "duet.costs", sides: { Olive: side, Magnus: side, listener }, wasted: { cost: 0, amounts: {} }, total: null });
  },
};
