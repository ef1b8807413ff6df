// A spoken turn through agents-js: its transcript reaches the history.

import assert from 'node:assert/strict';

import { RealtimeAgent } from '@openai/agents-realtime';

import { connect, saidBy, toArrayBuffer } from './agents_client.mjs';
import { Microphone, recording } from './microphone.mjs';
import { assertEachDoneOnce, script } from './script.mjs';

await script(async (log) => {
  const session = await connect(log, new RealtimeAgent({ name: 'Assistant', instructions: 'Be brief.' }));
  let bytes = 0;
  session.on('audio', (event) => (bytes += event.data.byteLength));

  const microphone = new Microphone((chunk) => session.sendAudio(toArrayBuffer(chunk)));
  microphone.play(recording('conf-leaderhasleft'));
  const started = await log.next('input_audio_buffer.speech_started');
  await log.next('input_audio_buffer.committed', (event) => event.item_id === started.item_id);
  const answer = (await log.next('response.done')).response;
  microphone.stop();
  assert.equal(answer.status, 'completed');
  assert.ok(bytes > 24_000, `only ${bytes} bytes of speech`);

  assert.equal(log.all('conversation.item.input_audio_transcription.completed').length, 1);
  if (log.all('conversation.item.retrieved').length === 0) await log.next('conversation.item.retrieved');
  const [heard] = saidBy(session, 'user');
  const [spoken] = saidBy(session, 'assistant');
  assert.match(heard, /leader has left/i);
  assert.ok(spoken.length > 0);

  assertEachDoneOnce(log);
  session.close();
  return { heard, spoken, audio_ms: bytes / 48 };
});
