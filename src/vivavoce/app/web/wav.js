// Two voices in a WAV file: 16 bit, microphone left, agent right.

export function header(rate, bytes) {
  const view = new DataView(new ArrayBuffer(44));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 2, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 4, true);
  view.setUint16(32, 4, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, bytes, true);
  return view.buffer;
}

/** {rate, left, right} of a 16 bit WAV file; mono is left only. Throws an Error that people can read. */
export function read(buffer) {
  const view = new DataView(buffer);
  const text = (at) => String.fromCharCode(...new Uint8Array(buffer, at, 4));
  if (buffer.byteLength < 44 || text(0) !== "RIFF" || text(8) !== "WAVE") throw new Error("This is not a WAV file.");
  let at = 12, format = null;
  while (at + 8 <= buffer.byteLength) {
    const size = Math.min(view.getUint32(at + 4, true), buffer.byteLength - at - 8);
    if (text(at) === "fmt ") {
      format = { kind: view.getUint16(at + 8, true), channels: view.getUint16(at + 10, true),
        rate: view.getUint32(at + 12, true), bits: view.getUint16(at + 22, true) };
    } else if (text(at) === "data") {
      if (!format || format.bits !== 16) throw new Error("Only WAV files of 16 bits can be shown.");
      return split(new Int16Array(buffer.slice(at + 8, at + 8 + (size & ~1))), format);
    }
    at += 8 + size + (size & 1);
  }
  throw new Error("This WAV file has no audio.");
}

function split(all, { channels, rate }) {
  const length = Math.floor(all.length / channels);
  const left = new Int16Array(length), right = new Int16Array(length);
  for (let i = 0; i < length; i++) {
    left[i] = all[i * channels];
    right[i] = channels > 1 ? all[i * channels + 1] : 0;
  }
  return { rate, left, right };
}

/** Loudness in steps of `step_ms`, 0 to 1, as the ribbon draws it. */
export function levels(samples, rate, step_ms) {
  const step = Math.max(1, Math.round((rate * step_ms) / 1000));
  const out = new Float32Array(Math.ceil(samples.length / step));
  for (let i = 0; i < out.length; i++) {
    const end = Math.min(samples.length, (i + 1) * step);
    let sum = 0;
    for (let k = i * step; k < end; k++) sum += samples[k] ** 2;
    out[i] = Math.sqrt(sum / (end - i * step)) / 32768;
  }
  return out;
}
