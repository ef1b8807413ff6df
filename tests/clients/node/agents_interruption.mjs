// The caller speaks into a long answer: agents-js truncates it by itself, and its history holds less of it.

import assert from 'node:assert/strict';

import { RealtimeAgent } from '@openai/agents-realtime';

import { connect, saidBy, toArrayBuffer } from './agents_client.mjs';
import { Microphone, recording } from './microphone.mjs';
import { assertEachDoneOnce, audioOf, script, sleep } from './script.mjs';

await script(async (log) => {
  const session = await connect(log, new RealtimeAgent({ name: 'Assistant', instructions: 'Be brief.' }));
  let interruptions = 0;
  session.on('audio_interrupted', () => (interruptions += 1));
  const microphone = new Microphone((chunk) => session.sendAudio(toArrayBuffer(chunk)));

  session.sendMessage('Tell me a story');
  const first = await log.next('response.output_audio.delta');
  await sleep(1000);
  microphone.play(recording('tt-somethingwrong'));
  const started = await log.next('input_audio_buffer.speech_started');
  const truncated = await log.next('conversation.item.truncated');
  assert.equal(truncated.item_id, first.item_id);
  assert.ok(truncated.audio_end_ms > 500 && truncated.audio_end_ms < 5000, `${truncated.audio_end_ms} ms`);
  await log.next('conversation.item.retrieved', (event) => event.item.id === first.item_id);
  assert.equal(interruptions, 1);
  const sent = log.all('response.output_audio_transcript.delta', (event) => event.item_id === first.item_id);
  const text = sent.map((event) => event.delta).join('');
  const [left] = saidBy(session, 'assistant');
  assert.ok(left.length < text.length, `nothing was taken away from ${JSON.stringify(text)}`);
  const [story] = log.all('response.done');
  assert.ok(['cancelled', 'completed'].includes(story.response.status), story.response.status);

  await log.next('input_audio_buffer.committed', (event) => event.item_id === started.item_id);
  const answer = (await log.next('response.done')).response;
  microphone.stop();
  assert.equal(answer.status, 'completed');
  assert.ok(audioOf(log, answer.id).length > 24_000);
  const spoken = saidBy(session, 'assistant').at(-1);
  assert.notEqual(spoken, left);

  assertEachDoneOnce(log);
  session.close();
  return { story: story.response.status, played: truncated.audio_end_ms, left, spoken };
});
