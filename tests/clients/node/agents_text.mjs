// Typed turns: what the session of agents-js makes of them, and of a history that is changed.

import assert from 'node:assert/strict';

import { RealtimeAgent } from '@openai/agents-realtime';

import { connect, saidBy } from './agents_client.mjs';
import { assertEachDoneOnce, script } from './script.mjs';

await script(async (log) => {
  const agent = new RealtimeAgent({ name: 'Assistant', instructions: 'Be brief.', voice: 'alloy' });
  const session = await connect(log, agent);
  let bytes = 0;
  let interruptions = 0;
  session.on('audio', (event) => (bytes += event.data.byteLength));
  session.on('audio_interrupted', () => (interruptions += 1));

  session.sendMessage('What is seven times eight?');
  await log.next('response.done');
  assert.match(saidBy(session, 'assistant').at(-1), /fifty-?\s?six|56/i);
  assert.ok(bytes > 24_000, `only ${bytes} bytes of speech`);

  session.sendMessage('Hello there!');
  await log.next('response.done');
  assert.deepEqual(saidBy(session, 'user'), ['What is seven times eight?', 'Hello there!']);
  const spoken = saidBy(session, 'assistant');
  assert.equal(spoken.length, 2);
  assert.equal(interruptions, 0);

  const last = session.history.at(-1).itemId;
  session.updateHistory((history) => history.filter((item) => item.itemId !== last));
  assert.equal((await log.next('conversation.item.deleted')).item_id, last);
  assert.equal(session.history.length, 3);
  const first = session.history[0];
  const corrected = { ...first, content: [{ type: 'input_text', text: 'What is six times seven?' }] };
  session.updateHistory((history) => history.map((item) => (item === first ? corrected : item)));
  await log.next('conversation.item.deleted', (event) => event.item_id === first.itemId);
  const added = await log.next('conversation.item.added', (event) => event.item.id === first.itemId);
  assert.equal(added.previous_item_id ?? null, null);
  assert.equal(saidBy(session, 'user')[0], 'What is six times seven?');

  assertEachDoneOnce(log);
  session.close();
  return { spoken, audio_ms: bytes / 48, history: session.history.length };
});
