// A tool is called, its result goes in, and the next response tells it.

import assert from 'node:assert/strict';

import { close, configure, connect, say } from './openai_client.mjs';
import { assertEachDoneOnce, audioOf, script, transcriptOf } from './script.mjs';

const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'Get the current weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

await script(async (log) => {
  const realtime = await connect(log);
  await configure(realtime, log, { tools: [WEATHER], tool_choice: 'auto' });

  say(realtime, 'What is the weather in Paris?');
  const added = await log.next('response.output_item.added', (event) => event.item.type === 'function_call');
  assert.equal(added.item.arguments, '');
  const call = await log.next('response.function_call_arguments.done');
  assert.equal(call.name, 'get_weather');
  assert.deepEqual(JSON.parse(call.arguments), { city: 'Paris' });
  const pieces = log.all('response.function_call_arguments.delta', (event) => event.call_id === call.call_id);
  assert.equal(pieces.map((event) => event.delta).join(''), call.arguments);
  const asked = (await log.next('response.done')).response;
  assert.equal(asked.status, 'completed');
  assert.equal(asked.output.find((item) => item.type === 'function_call').call_id, call.call_id);

  const output = JSON.stringify({ temperature: 17, sky: 'cloudy' });
  realtime.send({
    type: 'conversation.item.create',
    item: { type: 'function_call_output', call_id: call.call_id, output },
  });
  const result = await log.next('conversation.item.added');
  assert.equal(result.item.type, 'function_call_output');
  realtime.send({ type: 'response.create' });
  const answer = (await log.next('response.done')).response;
  assert.equal(answer.status, 'completed');
  assert.match(transcriptOf(answer), /cloudy|17|seventeen/i);
  assert.ok(audioOf(log, answer.id).length > 24_000);

  assertEachDoneOnce(log);
  const code = await close(realtime);
  return { call: call.arguments, spoken: transcriptOf(answer), code };
});
