// A tool of agents-js runs in this process, and its result is spoken.

import assert from 'node:assert/strict';

import { RealtimeAgent, tool } from '@openai/agents-realtime';
import { z } from 'zod';

import { connect, saidBy } from './agents_client.mjs';
import { assertEachDoneOnce, script } from './script.mjs';

await script(async (log) => {
  const asked = [];
  const weather = tool({
    name: 'get_weather',
    description: 'Get the current weather of a city',
    parameters: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      asked.push(city);
      return `17 degrees and cloudy in ${city}`;
    },
  });
  const agent = new RealtimeAgent({ name: 'Assistant', instructions: 'Be brief.', tools: [weather] });
  const session = await connect(log, agent);
  let ended;
  session.on('agent_tool_end', (_context, _agent, which, result) => (ended = [which.name, result]));

  session.sendMessage('What is the weather in Paris?');
  const call = await log.next('response.function_call_arguments.done');
  await log.next('response.done');
  const output = await log.next('conversation.item.added');
  assert.equal(output.item.type, 'function_call_output');
  assert.equal(output.item.call_id, call.call_id);
  const answer = (await log.next('response.done')).response;
  assert.equal(answer.status, 'completed');
  assert.deepEqual(asked, ['Paris']);
  assert.deepEqual(ended, ['get_weather', '17 degrees and cloudy in Paris']);
  const [spoken] = saidBy(session, 'assistant').slice(-1);
  assert.match(spoken, /cloudy/i);
  const kept = session.history.find((item) => item.type === 'function_call');
  assert.equal(kept.status, 'completed');

  assertEachDoneOnce(log);
  session.close();
  return { asked, spoken };
});
