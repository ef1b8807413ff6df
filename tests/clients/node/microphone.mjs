// A microphone that never stops: silence, and the recordings that are played into it, at the speed of speech.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const BYTES_PER_MS = 48; // 24 kHz, 16 bits
const STEP_MS = 40;

export const recording = (name) => readFileSync(join(process.env.VIVAVOCE_RECORDINGS, `${name}.pcm`));

export class Microphone {
  #send;
  #timer;
  #playing = Buffer.alloc(0);
  #began = performance.now();
  #sentMs = 0;

  constructor(send) {
    this.#send = send;
    this.#timer = setInterval(() => this.#step(), STEP_MS);
  }

  play(audio) {
    this.#playing = Buffer.concat([this.#playing, audio]);
  }

  stop() {
    clearInterval(this.#timer);
  }

  #step() {
    const due = performance.now() - this.#began - this.#sentMs;
    for (let steps = Math.floor(due / STEP_MS); steps > 0; steps--) {
      const chunk = Buffer.alloc(STEP_MS * BYTES_PER_MS);
      this.#playing.copy(chunk);
      this.#playing = this.#playing.subarray(chunk.length);
      this.#sentMs += STEP_MS;
      this.#send(chunk);
    }
  }
}
