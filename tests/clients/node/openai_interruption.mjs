// The caller speaks into a long answer, says how much of it was heard, and is answered.

import assert from 'node:assert/strict';

import { Microphone, recording } from './microphone.mjs';
import { close, configure, connect, say } from './openai_client.mjs';
import { assertEachDoneOnce, audioOf, script, sleep, transcriptOf } from './script.mjs';

await script(async (log) => {
  const realtime = await connect(log);
  await configure(realtime, log, { audio: { input: { transcription: { model: 'gpt-4o-mini-transcribe' } } } });
  const microphone = new Microphone((chunk) =>
    realtime.send({ type: 'input_audio_buffer.append', audio: chunk.toString('base64') }),
  );

  say(realtime, 'Tell me a story');
  const first = await log.next('response.output_audio.delta');
  const began = performance.now();
  await sleep(1000);
  microphone.play(recording('tt-somethingwrong'));
  const started = await log.next('input_audio_buffer.speech_started');
  const received = audioOf(log, first.response_id).length / 48;
  const played = Math.floor(Math.min(performance.now() - began, received));
  realtime.send({
    type: 'conversation.item.truncate',
    item_id: first.item_id,
    content_index: first.content_index,
    audio_end_ms: played,
  });
  const truncated = await log.next('conversation.item.truncated');
  assert.equal(truncated.item_id, first.item_id);
  assert.equal(truncated.audio_end_ms, played);
  const [story] = log.all('response.done');
  assert.ok(['cancelled', 'completed'].includes(story.response.status), story.response.status);
  if (story.response.status === 'cancelled') assert.equal(story.response.status_details.reason, 'turn_detected');

  realtime.send({ type: 'conversation.item.retrieve', item_id: first.item_id });
  const kept = (await log.next('conversation.item.retrieved')).item;
  const sent = log.all('response.output_audio_transcript.delta', (event) => event.item_id === first.item_id);
  const text = sent.map((event) => event.delta).join('');
  const left = kept.content[0]?.transcript ?? '';
  assert.ok(left.length < text.length, `nothing was taken away from ${JSON.stringify(text)}`);

  const committed = await log.next('input_audio_buffer.committed', (event) => event.item_id === started.item_id);
  const answer = (await log.next('response.done')).response;
  assert.equal(answer.status, 'completed');
  assert.ok(audioOf(log, answer.id).length > 24_000);
  const [heard] = log.all('conversation.item.input_audio_transcription.completed');
  assert.equal(heard.item_id, committed.item_id);
  assert.match(heard.transcript, /terribly wrong/i);

  // Speech that begins while the answer is still being made ends it.
  say(realtime, 'Tell me a long story');
  microphone.play(recording('tt-somethingwrong'));
  const cut = (await log.next('response.done')).response;
  if (cut.status === 'cancelled') assert.equal(cut.status_details.reason, 'turn_detected');
  else assert.equal(cut.status, 'completed'); // it was made before the speech was heard
  await log.next('input_audio_buffer.committed');
  assert.equal((await log.next('response.done')).response.status, 'completed');
  microphone.stop();

  say(realtime, 'Tell me a long story');
  const again = await log.next('response.output_audio.delta');
  realtime.send({ type: 'response.cancel' });
  const cancelled = (await log.next('response.done')).response;
  assert.equal(cancelled.id, again.response_id);
  assert.equal(cancelled.status, 'cancelled');
  assert.equal(cancelled.status_details.reason, 'client_cancelled');

  assertEachDoneOnce(log);
  const code = await close(realtime);
  const spoken = transcriptOf(answer);
  return { story: story.response.status, cut: cut.status, received, played, left, heard: heard.transcript, spoken, code };
});
