// A server inside the page: answers the call over real WebRTC and then plays a scripted conversation.
// `window.fake` steers it: fake.refuse = {status, error, headers}; fake.own = false (no `vivavoce` channel); fake.speed.
(() => {
  const fake = (window.fake = { own: true, script: true, speed: 1, got: [], posts: [], refuse: null, silent: false, ice: [] });
  const RealPeer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends RealPeer {
    constructor(...given) {
      super(...given);
      fake.page = this;
    }
  };
  /** As when the network is gone. */
  fake.unplug = () => {
    Object.defineProperty(fake.page, "connectionState", { value: "failed" });
    fake.page.dispatchEvent(new Event("connectionstatechange"));
  };

  const realFetch = window.fetch.bind(window);
  const wait = (ms) => new Promise((done) => setTimeout(done, ms / fake.speed));

  window.fetch = async (url, options) => {
    if (!String(url).includes("/v1/realtime/")) return realFetch(url, options);
    if (fake.gone) throw new TypeError("Failed to fetch");
    if (String(url).endsWith("/ice_servers")) return Response.json({ ice_servers: fake.ice });
    fake.posts.push({ sdp: options.body.get("sdp"), session: JSON.parse(options.body.get("session")), headers: options.headers });
    if (fake.slow) await wait(fake.slow);
    const refuse = typeof fake.refuse === "function" ? fake.refuse(options) : fake.refuse;
    if (refuse) {
      const body = JSON.stringify({ error: refuse.error });
      return new Response(body, { status: refuse.status, headers: { "Content-Type": "application/json", ...refuse.headers } });
    }
    const answer = await accept(options.body.get("sdp"), fake.posts.at(-1).session);
    return new Response(answer, { status: 201, headers: { Location: "/v1/realtime/calls/rtc_fake", "Content-Type": "application/sdp" } });
  };

  async function accept(sdp, session) {
    const peer = (fake.peer = new RealPeer());
    const audio = new AudioContext();
    const out = audio.createMediaStreamDestination();
    fake.voice = voiceOf(audio, out);
    // The energy of what nobody plays is not counted.
    peer.ontrack = ({ streams }) => {
      fake.ear = Object.assign(new Audio(), { srcObject: streams[0] });
      fake.ear.play().catch(() => {});
    };
    peer.addTrack(out.stream.getAudioTracks()[0], out.stream);
    peer.ondatachannel = ({ channel }) => {
      if (channel.label === "vivavoce" && !fake.own) return;
      fake[channel.label] = channel;
      channel.onmessage = ({ data }) => receive(JSON.parse(data));
      const opened = () => (channel.label === "vivavoce" ? begin() : created(session));
      if (channel.readyState === "open") opened();
      else channel.onopen = opened;
    };
    await peer.setRemoteDescription({ type: "offer", sdp });
    await peer.setLocalDescription(await peer.createAnswer());
    if (peer.iceGatheringState !== "complete") {
      await new Promise((done) => peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && done()));
    }
    return peer.localDescription.sdp;
  }

  /** Something like a voice: a tone that opens and closes about four times a second. */
  function voiceOf(audio, out) {
    const tone = new OscillatorNode(audio, { type: "sawtooth", frequency: 150 });
    const syllables = new OscillatorNode(audio, { type: "sine", frequency: 3.7 });
    const depth = new GainNode(audio, { gain: 0.1 });
    const mouth = new GainNode(audio, { gain: 0.12 });
    const loud = new GainNode(audio, { gain: 0 });
    syllables.connect(depth).connect(mouth.gain);
    tone.connect(mouth).connect(loud).connect(out);
    tone.start();
    syllables.start();
    return { loud: (value) => loud.gain.setTargetAtTime(fake.silent ? 0 : value, audio.currentTime, 0.02) };
  }

  fake.oai = (event) => {
    const channel = fake["oai-events"];
    if (channel?.readyState === "open") channel.send(JSON.stringify({ event_id: `event_${Math.random()}`, ...event }));
  };
  const started = performance.now();
  fake.tell = (event) => {
    if (fake.own && fake.vivavoce?.readyState === "open") fake.vivavoce.send(JSON.stringify({ at_ms: Math.round(performance.now() - started), ...event }));
  };

  function created(session) {
    fake.session = {
      object: "realtime.session", id: "sess_fake", model: "scripted", output_modalities: ["audio"], tools: [], tool_choice: "auto",
      instructions: "You are Viva, the voice of the Vivavoce engine.", ...session,
      audio: { input: { ...session.audio.input }, output: { voice: "emma", speed: 1, ...session.audio.output } },
    };
    fake.oai({ type: "session.created", session: fake.session });
    if (!fake.own && fake.script) play();
  }

  function begin() {
    fake.tell({ type: "call.started", call_id: "rtc_fake", model: "scripted", voices: ["emma", "george", "amy"],
      instructions: "You are Viva, the voice of the Vivavoce engine.", tools: ["get_weather"] });
    if (fake.script) play();
  }

  function receive(event) {
    fake.got.push(event);
    if (event.type === "session.update") {
      const { audio = {}, ...rest } = event.session;
      if (audio.output?.speed > 1.4 || rest.instructions === "bad") {
        const param = audio.output ? "session.audio.output.speed" : "session.instructions";
        fake.oai({ type: "error", error: { type: "invalid_request_error", code: "invalid_value", message: "Too much of it.", param, event_id: event.event_id } });
        return;
      }
      Object.assign(fake.session, rest);
      Object.assign(fake.session.audio.input, audio.input);
      Object.assign(fake.session.audio.output, audio.output);
      fake.oai({ type: "session.updated", session: fake.session });
    } else if (event.type === "conversation.item.create") {
      fake.oai({ type: "conversation.item.added", previous_item_id: null, item: { object: "realtime.item", status: "completed", ...event.item } });
    } else if (event.type === "response.create" && !fake.mute) answer("You typed, and I answer with a voice.");
    else if (event.type === "output_audio_buffer.clear") fake.stop?.("the page asked for it");
  }

  let replies = 0, turns = 0;
  fake.hear = async (text, { drop = "" } = {}) => {
    const turn = ++turns, words = text.split(" ");
    fake.tell({ type: "floor", floor: fake.speaking ? "both" : "user" });
    fake.oai({ type: "input_audio_buffer.speech_started", item_id: `item_u${turn}`, audio_start_ms: 0 });
    for (let n = 1; n <= words.length; n++) {
      await wait(170);
      fake.tell({ type: "user.words", turn, text: words.slice(0, n).join(" "), final: false });
      fake.oai({ type: "conversation.item.input_audio_transcription.delta", item_id: `item_u${turn}`, content_index: 0, delta: (n > 1 ? " " : "") + words[n - 1] });
    }
    await wait(300);
    fake.oai({ type: "input_audio_buffer.speech_stopped", item_id: `item_u${turn}`, audio_end_ms: 900 });
    fake.tell({ type: "floor", floor: fake.speaking ? "agent" : "nobody" });
    if (drop) return fake.tell({ type: "user.dropped", turn, text, why: drop });
    fake.tell({ type: "user.words", turn, text, final: true });
    fake.oai({ type: "conversation.item.input_audio_transcription.completed", item_id: `item_u${turn}`, content_index: 0, transcript: text, usage: {} });
    fake.user = text;
    return turn;
  };

  fake.mark = (action, says) => fake.tell({ type: "agent.voice", reply: replies, action, why: says.toUpperCase(), says });

  /** Speak; returns how it ended. `fake.stop(why)` cuts it. */
  async function answer(text, { gap = 504, hops = HOPS, cost = 0.00042 } = {}) {
    const reply = ++replies, item_id = `item_a${reply}`, response_id = `resp_${reply}`, turn = turns;
    const words = text.split(" ").map((word, n) => ({ text: word, start_ms: n * 260, end_ms: n * 260 + 240 }));
    let cut = null;
    fake.stop = (why) => (cut ??= why);
    await wait(gap - 300);
    fake.oai({ type: "response.created", response: { id: response_id, status: "in_progress", output: [] } });
    fake.oai({ type: "response.output_item.added", response_id, output_index: 0, item: { id: item_id, type: "message", role: "assistant", content: [] } });
    fake.tell({ type: "reply.opened", reply, item_id, origin: "turn" });
    fake.oai({ type: "response.output_audio_transcript.delta", response_id, item_id, output_index: 0, content_index: 0, delta: text });
    fake.tell({ type: "reply.words", reply, item_id, words, exact: true });
    fake.oai({ type: "output_audio_buffer.started", response_id });
    fake.tell({ type: "floor", floor: "agent" });
    fake.speaking = true;
    fake.voice.loud(1);
    let ms = 0;
    const whole = words.at(-1).end_ms;
    for (; ms < whole && !cut; ms += 120) {
      fake.tell({ type: "reply.playing", reply, item_id, ms });
      await wait(120);
    }
    fake.voice.loud(0);
    fake.speaking = false;
    const heard = cut ? words.filter((word) => word.end_ms <= ms).map((word) => word.text).join(" ") : text;
    fake.oai({ type: "response.done", response: { id: response_id, status: cut ? "cancelled" : "completed", output: [] } });
    if (cut) {
      fake.tell({ type: "agent.voice", reply, action: "stop", why: "WORDS", says: cut });
      fake.oai({ type: "output_audio_buffer.cleared", response_id });
      fake.oai({ type: "conversation.item.truncated", item_id, content_index: 0, audio_end_ms: ms });
    } else fake.oai({ type: "output_audio_buffer.stopped", response_id });
    fake.tell({ type: "reply.closed", reply, item_id, ending: cut ? "cut" : "done", text, heard, exact: true, ms });
    fake.tell({ type: "floor", floor: cut ? "user" : "nobody" });
    const sum = Object.values(hops).reduce((a, b) => a + b, 0);
    fake.tell({ type: "report", turn, origin: "turn", user_text: fake.user ?? "", agent_text: text, heard_text: heard, heard_exact: true,
      interrupted: Boolean(cut), gap_ms: sum, overhead_ms: 4, hops, usage: { "llm:scripted:output_tokens": 31, "tts:espeak:characters": text.length },
      cost, why: ["silence long enough", "the turn is over", "audio is ready and the floor is free"] });
  }
  fake.answer = answer;

  const HOPS = { vad_off: 121, stt_final: 197, turn_decided: 185, llm_request: -351, llm_first_token: 54, first_speakable: 6,
    tts_request: 0, tts_first_byte: 12, released: 279, first_audible: 1 };
  const SLOW = { vad_off: 118, stt_final: 204, turn_decided: 12, llm_request: 3, llm_first_token: 342, first_speakable: 61,
    tts_request: 1, tts_first_byte: 88, released: 2, first_audible: 2 };

  async function play() {
    await wait(500);
    await fake.hear("hello who are you");
    await answer("Hello, this is Viva. I am a voice that runs on this machine, without keys and without downloads.");
    await wait(700);
    await fake.hear("tell me a story");
    const told = answer("Once there was a lighthouse keeper who counted the ships. Every night he wrote one line in a book, and every morning " +
      "the sea had washed one line away.", { hops: SLOW, cost: 0.00061 });
    await wait(2600);
    fake.mark("duck", "sound over the agent's voice");
    await fake.hear("uh-huh", { drop: "only listening aloud" });
    fake.mark("resume", "the caller is only listening aloud");
    fake.milestone = "resumed";
    await wait(1900);
    fake.mark("duck", "sound over the agent's voice");
    await wait(250);
    fake.mark("hold", "speech over the agent's voice");
    const over = fake.hear("wait what did he count");
    await wait(420);
    fake.stop("words over the agent's voice");
    await told;
    await over;
    fake.milestone = "cut";
    const again = answer("He counted the ships, one line for every night, and he never missed one of them.", { hops: { ...HOPS, released: 190 } });
    await wait(1500);
    fake.milestone = "midway";
    await again;
    fake.tell({ type: "tool", call: "call_1", name: "get_weather", arguments: '{"place": "the lighthouse"}', state: "started" });
    await wait(300);
    fake.tell({ type: "tool", call: "call_1", name: "get_weather", arguments: '{"place": "the lighthouse"}', state: "done", output: '{"sky": "clear", "wind_kn": 14}' });
    fake.milestone = "done";
  }
})();
