// The WebRTC connection of one session: offer, answer, two data channels. It knows nothing of conversations.

import { answerProblem, GONE, LOST, NO_ROUTE } from "./problems.js";

const OPEN_WITHIN_MS = 15_000;
/** A STUN or TURN server that does not answer must not hold up the call. */
const GATHER_MS = 2000;
/** A connection that is only shaky often comes back by itself. */
const SHAKY_MS = 5000;

export class Link {
  callId = "";
  #peer = new RTCPeerConnection();
  #events;
  #own;
  #closed = false;
  #shaky = null;

  constructor({ mic, session, key, onMessage, onAgent, onLost }) {
    Object.assign(this, { session, key, onLost });
    for (const track of mic.getAudioTracks()) this.#peer.addTrack(track, mic);
    this.#peer.ontrack = ({ track, streams }) => onAgent(streams[0] ?? new MediaStream([track]));
    // Both channels before the offer, so that they are part of it.
    this.#events = this.#peer.createDataChannel("oai-events");
    this.#own = this.#peer.createDataChannel("vivavoce");
    this.#events.onmessage = ({ data }) => this.#closed || onMessage("oai", JSON.parse(data));
    this.#own.onmessage = ({ data }) => this.#closed || onMessage("vivavoce", JSON.parse(data));
  }

  get open() {
    return !this.#closed && this.#events.readyState === "open";
  }

  /** Returns when events can flow. Throws a Problem. */
  async connect() {
    const iceServers = await this.#servers();
    if (this.#closed) throw LOST();
    this.#peer.setConfiguration({ iceServers });
    await this.#peer.setLocalDescription(await this.#peer.createOffer());
    // Without such servers the server finds us by our own first packets.
    if (iceServers.length) await this.#gathered();
    const answer = await this.#post(this.#peer.localDescription.sdp);
    if (this.#closed) throw LOST();
    await this.#peer.setRemoteDescription({ type: "answer", sdp: answer });
    await this.#opened();
    // While the network is well, a channel closes because the server wants it so.
    this.#events.onclose = () => this.#lose(["connected", "completed"].includes(this.#peer.iceConnectionState));
    this.#peer.onconnectionstatechange = () => this.#watch();
  }

  send(event) {
    this.#events.send(JSON.stringify(event));
  }

  async replaceMic(stream) {
    if (this.#closed) return;
    await this.#peer.getSenders().find((sender) => sender.track?.kind === "audio")?.replaceTrack(stream.getAudioTracks()[0]);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#shaky);
    this.#peer.close();
  }

  /** The STUN and TURN servers that the server wants us to use. */
  async #servers() {
    return (await (await this.#ask("ice_servers")).json()).ice_servers;
  }

  #gathered() {
    return new Promise((done) => {
      setTimeout(done, GATHER_MS);
      this.#peer.onicegatheringstatechange = () => this.#peer.iceGatheringState === "complete" && done();
    });
  }

  async #post(sdp) {
    const form = new FormData();
    form.set("sdp", sdp);
    form.set("session", JSON.stringify(this.session));
    const response = await this.#ask("calls", { method: "POST", body: form });
    this.callId = response.headers.get("Location")?.split("/").pop() ?? "";
    return response.text();
  }

  async #ask(what, request = {}) {
    const headers = this.key ? { Authorization: `Bearer ${this.key}` } : {};
    let response;
    try {
      response = await fetch(`/v1/realtime/${what}`, { ...request, headers });
    } catch {
      throw GONE();
    }
    if (!response.ok) throw await answerProblem(response);
    return response;
  }

  #opened() {
    return new Promise((opened, failed) => {
      const timer = setTimeout(() => failed(NO_ROUTE()), OPEN_WITHIN_MS);
      const settle = (end, value) => {
        clearTimeout(timer);
        end(value);
      };
      this.#events.onopen = () => settle(opened);
      this.#events.onclose = () => settle(failed, LOST());
      this.#peer.onconnectionstatechange = () => {
        if (this.#peer.connectionState === "failed") settle(failed, NO_ROUTE());
      };
      if (this.#events.readyState === "open") settle(opened);
    });
  }

  #watch() {
    clearTimeout(this.#shaky);
    const state = this.#peer.connectionState;
    if (state === "failed" || state === "closed") this.#lose();
    else if (state === "disconnected") this.#shaky = setTimeout(() => this.#lose(), SHAKY_MS);
  }

  #lose(onPurpose = false) {
    if (this.#closed) return;
    this.close();
    this.onLost(onPurpose);
  }
}
