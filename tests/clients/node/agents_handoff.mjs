// One agent hands the conversation to another: its instructions and tools replace those of the first.

import assert from 'node:assert/strict';

import { RealtimeAgent, tool } from '@openai/agents-realtime';
import { z } from 'zod';

import { connect, saidBy } from './agents_client.mjs';
import { assertEachDoneOnce, script } from './script.mjs';

await script(async (log) => {
  const paid = [];
  const refund = tool({
    name: 'refund_order',
    description: 'Refund an order',
    parameters: z.object({ order: z.number() }),
    execute: async ({ order }) => {
      paid.push(order);
      return `order ${order} is refunded`;
    },
  });
  const billing = new RealtimeAgent({
    name: 'billing',
    handoffDescription: 'Answers questions about bills',
    instructions: 'You are the billing department.',
    tools: [refund],
  });
  const reception = new RealtimeAgent({ name: 'reception', instructions: 'Connect callers.', handoffs: [billing] });
  const session = await connect(log, reception);
  const handoffs = [];
  session.on('agent_handoff', (_context, from, to) => handoffs.push([from.name, to.name]));

  session.sendMessage('Please transfer me to billing');
  const call = await log.next('response.function_call_arguments.done');
  assert.equal(call.name, 'transfer_to_billing');
  const changed = (await log.next('session.updated')).session;
  assert.match(changed.instructions, /billing department/);
  assert.deepEqual(
    changed.tools.map((declared) => declared.name),
    ['refund_order'],
  );
  const greeting = (await log.next('response.done', (event) => event.response.output[0]?.type === 'message')).response;
  assert.equal(greeting.status, 'completed');
  assert.deepEqual(handoffs, [['reception', 'billing']]);
  assert.equal(session.currentAgent.name, 'billing');

  session.sendMessage('Refund order 42');
  await log.next('response.function_call_arguments.done', (event) => event.name === 'refund_order');
  const answer = await log.next('response.done', (event) => event.response.output[0]?.type === 'message');
  assert.equal(answer.response.status, 'completed');
  assert.deepEqual(paid, [42]);

  assertEachDoneOnce(log);
  session.close();
  return { handoffs, paid, spoken: saidBy(session, 'assistant') };
});
