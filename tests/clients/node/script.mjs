// The frame of every script: one JSON line of what it saw, and an exit code.

import assert from 'node:assert/strict';

import { Log } from './log.mjs';

const DEADLINE_MS = 20_000;

// Runs `main(log)`, which returns what to report.
export async function script(main) {
  const log = new Log();
  const began = performance.now();
  const report = (outcome, code) => {
    const ms = Math.round(performance.now() - began);
    const line = JSON.stringify({ ...outcome, ms, events: log.counts() });
    process.stdout.write(`${line}\n`, () => process.exit(code));
  };
  const fail = (error) => {
    const last = log.events.slice(-8).map((event) => JSON.stringify(event).slice(0, 400));
    report({ ok: false, error: error?.stack ?? String(error), last }, 1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  setTimeout(() => fail(new Error(`still waiting for ${log.waitingFor} after 20 s`)), DEADLINE_MS);
  try {
    report({ ok: true, ...(await main(log)) }, 0);
  } catch (error) {
    fail(error);
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Exactly one response.done for each response.created that has ended.
export function assertEachDoneOnce(log) {
  const created = log.all('response.created').map((event) => event.response.id);
  const done = log.all('response.done').map((event) => event.response.id);
  assert.equal(new Set(done).size, done.length, 'response.done came twice');
  assert.deepEqual(
    done.filter((id) => !created.includes(id)),
    [],
    'response.done without response.created',
  );
}

// The bytes of audio of a response; their number is even, since a sample is two.
export function audioOf(log, responseId) {
  const deltas = log.all('response.output_audio.delta', (event) => event.response_id === responseId);
  const audio = Buffer.concat(deltas.map((event) => Buffer.from(event.delta, 'base64')));
  assert.equal(audio.length % 2, 0);
  return audio;
}

export const transcriptOf = (response) =>
  response.output
    .filter((item) => item.type === 'message')
    .flatMap((item) => item.content.map((part) => part.transcript ?? part.text))
    .join(' ');
