"""`python -m bench.material.parrot`: espeak-ng as a program of its own, the same text always the same sound.

The engine keeps the phase of its flutter from text to text. So each text is said in a fork of a process in which none
has been said.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from typing import BinaryIO

import espeakng_loader
import msgspec
import numpy as np

from vivavoce.providers.offline.espeak import Espeak, Pcm

_LENGTH = struct.Struct("<I")


class Ask(msgspec.Struct, frozen=True):
    """What to say, and how: the arguments of `Espeak.voice` and `Espeak.tune`."""

    text: str
    accent: str
    variant: str
    words_per_minute: int
    pitch: int


class Said(msgspec.Struct, frozen=True):
    """int16 at 22 050 Hz, and (character, sample) of where words begin."""

    pcm: bytes
    begins: list[tuple[int, int]]


def send(stream: BinaryIO, message: Ask | Said) -> None:
    data = msgspec.msgpack.encode(message)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """The next message, empty when there is none. It is whole, or the other side has died: raises `EOFError`."""
    head = stream.read(_LENGTH.size)
    if not head:
        return b""
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) != length:
        raise EOFError("the other side of the parrot has died")
    return data


def speak(engine: Espeak, ask: Ask) -> Said:
    """One text. Raises `Refused` when the engine has no such voice."""
    engine.voice(f"gmw/{ask.accent}", ask.variant, "en", female=ask.variant.startswith("f"))
    engine.tune(ask.words_per_minute, ask.pitch, 55, 90)
    chunks: list[Pcm] = []
    begins: list[tuple[int, int]] = []

    def sink(pcm: Pcm, words: list[tuple[int, int]]) -> bool:
        chunks.append(pcm)
        begins.extend(words)
        return False

    engine.say(ask.text, sink)
    return Said(np.concatenate(chunks).tobytes(), begins)


def main() -> None:
    engine = Espeak()
    # Its breathy sounds are random noise, which it seeds with the time.
    ctypes.CDLL(espeakng_loader.get_library_path()).espeak_ng_SetRandSeed(ctypes.c_long(1))
    while data := receive(sys.stdin.buffer):
        ask = msgspec.msgpack.decode(data, type=Ask)
        child = os.fork()
        if not child:
            send(sys.stdout.buffer, speak(engine, ask))
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            sys.exit(f"espeak-ng died of {ask.text!r}")


if __name__ == "__main__":
    main()
