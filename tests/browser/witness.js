// Added to a page before its own scripts: what passes on its call's channel, both ways, what its microphone takes and
// what comes out of the network, as levels on one clock. `witness.say` speaks, where the microphone is ours.

window.witness = {
  events: [], // {way: "in" or "out", event}
  mic: [], // [seconds, level] of every 10 ms
  agent: [],
  peer: null,
  context: null,
  own: null,

  // A microphone that says what it is told to.
  takeOver() {
    this.context = new AudioContext({ sampleRate: 48000 });
    this.own = new MediaStreamAudioDestinationNode(this.context, { channelCount: 1 });
    // A room is never quite silent; and where nothing plays, Chromium would send nothing.
    const noise = new AudioBuffer({ length: 48000, sampleRate: 48000 });
    noise.copyToChannel(Float32Array.from({ length: 48000 }, () => (Math.random() - 0.5) / 4000), 0);
    const room = new AudioBufferSourceNode(this.context, { buffer: noise, loop: true });
    room.connect(this.own);
    room.start();
    navigator.mediaDevices.getUserMedia = async () => {
      const stream = this.own.stream.clone();
      this.listen(stream, this.mic);
      return stream;
    };
  },

  // PCM16 at 48 kHz in base64. Returns when it begins, in seconds.
  say(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const pcm = new Int16Array(bytes.buffer);
    const buffer = new AudioBuffer({ length: pcm.length, sampleRate: 48000 });
    buffer.copyToChannel(Float32Array.from(pcm, (sample) => sample / 32768), 0);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.own);
    source.start();
    return this.context.currentTime;
  },

  listen(stream, levels) {
    const context = (this.context ??= new AudioContext({ sampleRate: 48000 }));
    const analyser = new AnalyserNode(context, { fftSize: 32768 });
    new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const block = context.sampleRate / 100;
    let next = Math.round(context.currentTime * 100);
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const end = Math.round(context.currentTime * context.sampleRate);
      next = Math.max(next, Math.ceil((end - samples.length) / block));
      for (; (next + 1) * block <= end; next++) {
        const from = next * block - end + samples.length;
        let sum = 0;
        for (let i = from; i < from + block; i++) sum += samples[i] ** 2;
        levels.push([next / 100, Math.sqrt(sum / block)]);
      }
    }, 100);
  },

  // What of the agent's voice came, as the browser itself counts it.
  async energy() {
    for (const report of (await this.peer.getStats()).values()) {
      if (report.type === "inbound-rtp" && report.kind === "audio") return report.totalAudioEnergy;
    }
    return 0;
  },
};

{
  const { createDataChannel } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createDataChannel = function (...args) {
    const channel = createDataChannel.apply(this, args);
    if (args[0] !== "oai-events") return channel;
    witness.peer = this;
    const note = (way, data) => witness.events.push({ way, event: JSON.parse(data) });
    channel.addEventListener("message", ({ data }) => note("in", data));
    const send = channel.send.bind(channel);
    channel.send = (data) => {
      note("out", data);
      send(data);
    };
    this.addEventListener("track", ({ track }) => witness.listen(new MediaStream([track]), witness.agent));
    return channel;
  };
}
