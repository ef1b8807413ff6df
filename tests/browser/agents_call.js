// A call by agents-js over WebRTC, for a test to steer.

import { OpenAIRealtimeWebRTC, RealtimeAgent, RealtimeSession, tool } from "/modules/@openai/agents-realtime/dist/bundle/openai-realtime-agents.mjs";

const seen = { tools: [], errors: [] };

const leader = tool({
  name: "find_leader",
  description: "Tells who is the leader, and who has left.",
  parameters: { type: "object", properties: {}, required: [], additionalProperties: false },
  strict: true,
  execute: async () => {
    seen.tools.push("find_leader");
    return "Ada leads it until noon.";
  },
});

window.start = async (url, apiKey) => {
  const transport = new OpenAIRealtimeWebRTC();
  const session = new RealtimeSession(new RealtimeAgent({ name: "Assistant", instructions: "Be brief.", tools: [leader] }), { transport });
  session.on("error", ({ error }) => seen.errors.push(String(error?.message ?? JSON.stringify(error))));
  const began = performance.now();
  await session.connect({ apiKey, url: `${url}/realtime/calls` });
  Object.assign(window, { session, seen });
  return { ms: performance.now() - began, callId: transport.callId, status: transport.status };
};

window.said = (role) =>
  session.history
    .filter((item) => item.type === "message" && item.role === role)
    .map((item) => item.content.map((part) => part.transcript ?? part.text ?? "").join(" "));
