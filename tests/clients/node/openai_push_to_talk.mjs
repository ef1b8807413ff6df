// Turns that the client ends, each sent at once instead of at the speed of speech: each gets its own words.

import assert from 'node:assert/strict';

import { recording } from './microphone.mjs';
import { close, configure, connect } from './openai_client.mjs';
import { assertEachDoneOnce, audioOf, script } from './script.mjs';

const SAID = { 'tt-allbusy': /currently assisting other/i, 'tt-somethingwrong': /terribly wrong/i };

await script(async (log) => {
  const realtime = await connect(log);
  const session = await configure(realtime, log, {
    audio: { input: { transcription: { model: 'gpt-4o-mini-transcribe' }, turn_detection: null } },
  });
  assert.equal(session.audio.input.turn_detection, null);
  const heard = [];
  for (const [name, said] of Object.entries(SAID)) {
    realtime.send({ type: 'input_audio_buffer.append', audio: recording(name).toString('base64') });
    realtime.send({ type: 'input_audio_buffer.commit' });
    realtime.send({ type: 'response.create' });
    const committed = await log.next('input_audio_buffer.committed');
    const answer = (await log.next('response.done')).response;
    assert.equal(answer.status, 'completed');
    assert.ok(audioOf(log, answer.id).length > 24_000);
    const words = log.all('conversation.item.input_audio_transcription.completed').at(-1);
    assert.equal(words.item_id, committed.item_id);
    assert.match(words.transcript, said);
    heard.push(words.transcript);
  }
  assert.equal(log.all('input_audio_buffer.speech_started').length, 0);

  assertEachDoneOnce(log);
  const code = await close(realtime);
  return { heard, code };
});
