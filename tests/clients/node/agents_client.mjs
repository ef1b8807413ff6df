// A session of agents-js over WebSocket, with every event of the server in the log.

import { RealtimeSession } from '@openai/agents-realtime';

const MODEL = 'gpt-realtime';

// The session, connected and configured.
export async function connect(log, agent, options = {}) {
  const session = new RealtimeSession(agent, { transport: 'websocket', model: MODEL, ...options });
  session.transport.on('*', (event) => log.add(event));
  session.on('error', ({ error }) => log.fail(new Error(`session error: ${JSON.stringify(error)} ${error}`)));
  const url = new URL(process.env.VIVAVOCE_URL);
  url.protocol = 'wss:';
  await session.connect({ apiKey: 'sk-test', url: `${url}/realtime?model=${MODEL}` });
  await log.next('session.created');
  await log.next('session.updated');
  return session;
}

export const toArrayBuffer = (buffer) =>
  buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);

// What the session itself remembers of one speaker, as words.
export const saidBy = (session, role) =>
  session.history
    .filter((item) => item.type === 'message' && item.role === role)
    .map((item) => item.content.map((part) => part.transcript ?? part.text ?? '').join(' '));
