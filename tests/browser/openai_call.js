// A call by openai's own WebRTC connection, for a test to steer.

import { OpenAIRealtimeWebRTC } from "/modules/openai/realtime/webrtc.mjs";

window.start = async (url, key) => {
  const realtime = new OpenAIRealtimeWebRTC();
  const seen = { events: [], errors: [], closed: null, callId: null };
  realtime.onEvent((event) => seen.events.push(event.type));
  realtime.onConnectionEvent((event) => {
    if (event.type === "error") seen.errors.push(String(event.error));
    if (event.type === "closed") seen.closed = event.reason;
  });
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  for (const track of microphone.getTracks()) realtime.peerConnection.addTrack(track, microphone);
  const player = new Audio();
  player.autoplay = true;
  realtime.peerConnection.ontrack = ({ streams }) => (player.srcObject = streams[0]);
  const began = performance.now();
  await realtime.connect({
    exchangeSdp: async (sdp, { signal }) => {
      const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/sdp" };
      const answer = await fetch(`${url}/realtime/calls`, { method: "POST", body: sdp, headers, signal });
      if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
      seen.callId = answer.headers.get("Location").split("/").pop();
      return answer.text();
    },
  });
  Object.assign(window, { realtime, seen });
  return { ms: performance.now() - began, state: realtime.state };
};
