// A connection of the `openai` package: over `ws`, or over the WebSocket of browsers.

import { once } from 'node:events';

import OpenAI from 'openai';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { WebSocket } from 'ws';

globalThis.WebSocket ??= WebSocket; // Node's own since version 22

const CLASSES = { ws: OpenAIRealtimeWS, websocket: OpenAIRealtimeWebSocket };

export const api = (apiKey = 'sk-test') => new OpenAI({ apiKey, baseURL: process.env.VIVAVOCE_URL, maxRetries: 0 });

// Opens a connection of the class that the command line names, and puts what it receives in the log.
export async function connect(log, apiKey) {
  const realtime = new CLASSES[process.argv[2]]({ model: 'gpt-realtime' }, api(apiKey));
  realtime.on('event', (event) => log.add(event));
  realtime.on('error', (error) => log.fail(error));
  await log.next('session.created');
  return realtime;
}

// Changes the session, and waits until the server has it.
export async function configure(realtime, log, session) {
  realtime.send({ type: 'session.update', session: { type: 'realtime', ...session } });
  return (await log.next('session.updated')).session;
}

export function say(realtime, text) {
  const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
  realtime.send({ type: 'conversation.item.create', item });
  realtime.send({ type: 'response.create' });
}

// Closes, and returns the code that the server closed with.
export async function close(realtime) {
  const closed = realtime.socket.on ? once(realtime.socket, 'close') : listen(realtime.socket);
  realtime.close();
  return (await closed)[0];
}

const listen = (socket) =>
  new Promise((resolve) => socket.addEventListener('close', (event) => resolve([event.code]), { once: true }));
