// What steers agents-js from outside the conversation: an approval, a guardrail, a button that interrupts.

import assert from 'node:assert/strict';

import { RealtimeAgent, tool } from '@openai/agents-realtime';
import { z } from 'zod';

import { connect, saidBy } from './agents_client.mjs';
import { assertEachDoneOnce, script } from './script.mjs';

const isMessage = (event) => event.response.output[0]?.type === 'message';

await script(async (log) => {
  const cancelled = [];
  const cancel = tool({
    name: 'cancel_order',
    description: 'Cancel an order',
    parameters: z.object({ order: z.number() }),
    needsApproval: true,
    execute: async ({ order }) => {
      cancelled.push(order);
      return `order ${order} is cancelled`;
    },
  });
  let most = 200;
  const brief = {
    name: 'brief',
    execute: async ({ agentOutput }) => ({ tripwireTriggered: agentOutput.length > most, outputInfo: {} }),
  };
  const agent = new RealtimeAgent({ name: 'Assistant', instructions: 'Be brief.', tools: [cancel] });
  const session = await connect(log, agent, { outputGuardrails: [brief] });
  let tripped = 0;
  session.on('guardrail_tripped', () => (tripped += 1));
  session.on('tool_approval_requested', (_context, _agent, request) => session.approve(request.approvalItem));

  session.sendMessage('Cancel order 12');
  await log.next('response.function_call_arguments.done');
  assert.equal((await log.next('response.done', isMessage)).response.status, 'completed');
  assert.deepEqual(cancelled, [12]);

  session.sendMessage('Tell me a story');
  const story = (await log.next('response.done')).response;
  const instead = (await log.next('response.done')).response;
  assert.equal(tripped, 1);
  assert.ok(['cancelled', 'completed'].includes(story.status), story.status);
  assert.equal(instead.status, 'completed');

  most = Infinity;
  session.sendMessage('Tell me another story');
  const delta = await log.next('response.output_audio.delta');
  session.interrupt();
  const truncated = await log.next('conversation.item.truncated');
  assert.equal(truncated.item_id, delta.item_id);
  const [cut] = log.all('response.done', (event) => event.response.id === delta.response_id);
  assert.equal(cut.response.status, 'cancelled');
  assert.equal(cut.response.status_details.reason, 'client_cancelled');

  assertEachDoneOnce(log);
  session.close();
  return { cancelled, story: story.status, spoken: saidBy(session, 'assistant') };
});
