// A spoken turn: the server hears where it begins and ends, understands it and answers.

import assert from 'node:assert/strict';

import { Microphone, recording } from './microphone.mjs';
import { close, configure, connect } from './openai_client.mjs';
import { assertEachDoneOnce, audioOf, script, transcriptOf } from './script.mjs';

await script(async (log) => {
  const realtime = await connect(log);
  const session = await configure(realtime, log, {
    audio: { input: { transcription: { model: 'gpt-4o-mini-transcribe' }, turn_detection: { type: 'server_vad' } } },
  });
  assert.equal(session.audio.input.turn_detection.create_response, true);
  assert.equal(session.audio.input.turn_detection.interrupt_response, true);

  const microphone = new Microphone((chunk) =>
    realtime.send({ type: 'input_audio_buffer.append', audio: chunk.toString('base64') }),
  );
  microphone.play(recording('conf-leaderhasleft'));
  const started = await log.next('input_audio_buffer.speech_started');
  const stopped = await log.next('input_audio_buffer.speech_stopped');
  assert.ok(Number.isInteger(started.audio_start_ms) && stopped.audio_end_ms > started.audio_start_ms);
  const committed = await log.next('input_audio_buffer.committed');
  const added = await log.next('conversation.item.added');
  for (const event of [stopped, committed]) assert.equal(event.item_id, started.item_id);
  assert.equal(added.item.id, started.item_id);
  assert.deepEqual(added.item.content, [{ type: 'input_audio', transcript: null }]);
  const answer = (await log.next('response.done')).response;
  microphone.stop();
  assert.equal(answer.status, 'completed');
  const audio = audioOf(log, answer.id);
  assert.ok(audio.length > 24_000, `only ${audio.length} bytes of speech`);

  const [heard] = log.all('conversation.item.input_audio_transcription.completed');
  assert.equal(heard.item_id, started.item_id);
  assert.match(heard.transcript, /leader has left/i);

  assertEachDoneOnce(log);
  const code = await close(realtime);
  return { heard: heard.transcript, spoken: transcriptOf(answer), audio_ms: audio.length / 48, code };
});
