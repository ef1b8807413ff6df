// Typed turns, answered in text and then spoken, with a client secret for a key.

import assert from 'node:assert/strict';

import { api, close, configure, connect, say } from './openai_client.mjs';
import { assertEachDoneOnce, audioOf, script, transcriptOf } from './script.mjs';

await script(async (log) => {
  const secret = await api().realtime.clientSecrets.create({ session: { type: 'realtime', model: 'gpt-realtime' } });
  assert.match(secret.value, /^ek_/);
  const realtime = await connect(log, secret.value);

  const session = await configure(realtime, log, { output_modalities: ['text'] });
  assert.deepEqual(session.output_modalities, ['text']);
  say(realtime, 'What is seven times eight?');
  const added = await log.next('conversation.item.added');
  assert.equal(added.item.role, 'user');
  const delta = await log.next('response.output_text.delta');
  const written = (await log.next('response.done')).response;
  assert.equal(delta.response_id, written.id);
  assert.equal(written.status, 'completed');
  assert.match(transcriptOf(written), /fifty-?\s?six|56/i);
  assert.equal(audioOf(log, written.id).length, 0);

  await configure(realtime, log, { output_modalities: ['audio'] });
  say(realtime, 'Hello there!');
  const spoken = (await log.next('response.done')).response;
  assert.equal(spoken.status, 'completed');
  assert.equal(spoken.output[0].content[0].type, 'output_audio');
  const audio = audioOf(log, spoken.id);
  assert.ok(audio.length > 24_000, `only ${audio.length} bytes of speech`);
  assert.ok(spoken.usage.output_tokens > 0);

  assertEachDoneOnce(log);
  const code = await close(realtime);
  return { written: transcriptOf(written), spoken: transcriptOf(spoken), audio_ms: audio.length / 48, code };
});
