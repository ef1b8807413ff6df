// What a server said, in order, and what is required of all of it.

import { parseRealtimeEvent } from './node_modules/@openai/agents-realtime/dist/openaiRealtimeEvents.mjs';

// Events of the protocol that agents-js knows no schema for.
const UNKNOWN_TO_AGENTS_JS = new Set([
  'conversation.item.created',
  'input_audio_buffer.timeout_triggered',
  'response.mcp_call.failed',
]);

export class Log {
  events = [];
  #ids = new Set();
  #cursor = 0;
  #wake = () => {};
  #failure = null;

  add(event) {
    this.events.push(event);
    try {
      this.#check(event);
    } catch (error) {
      this.fail(error);
    }
    this.#wake();
  }

  fail(error) {
    this.#failure ??= error;
    this.#wake();
  }

  // The next event of this type that `fits`, after the one that was returned last.
  async next(type, fits = () => true) {
    for (;;) {
      if (this.#failure) throw this.#failure;
      while (this.#cursor < this.events.length) {
        const event = this.events[this.#cursor++];
        if (event.type === type && fits(event)) return event;
      }
      this.waitingFor = type;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  // Those of one type, wherever they came.
  all(type, fits = () => true) {
    return this.events.filter((event) => event.type === type && fits(event));
  }

  // How often each type came.
  counts() {
    const counts = {};
    for (const { type } of this.events) counts[type] = (counts[type] ?? 0) + 1;
    return counts;
  }

  #check(event) {
    if (event.type === 'error') throw new Error(`error event: ${JSON.stringify(event)}`);
    if (this.events.length === 1 && event.type !== 'session.created') throw new Error(`first came ${event.type}`);
    if (typeof event.event_id !== 'string' || this.#ids.has(event.event_id)) {
      throw new Error(`event_id missing or used before: ${JSON.stringify(event)}`);
    }
    this.#ids.add(event.event_id);
    if (UNKNOWN_TO_AGENTS_JS.has(event.type)) return;
    if (parseRealtimeEvent({ data: JSON.stringify(event) }).isGeneric) {
      throw new Error(`agents-js does not understand: ${JSON.stringify(event).slice(0, 2000)}`);
    }
  }
}
