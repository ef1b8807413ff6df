"""How the engine and its worker processes talk: msgpack messages behind a 4-byte little-endian length.

Kept free of asyncio and numpy, because the worker imports it and must start fast.
"""

from __future__ import annotations

import struct

import msgspec

MAX_FRAME = 8 << 20
"""Bytes. A longer frame means that the other side has lost its mind."""

NOTHING = msgspec.Raw(b"\xc0")
"""The absent body."""

HELLO = 0
"""The id under which a worker says that it is ready."""

_LENGTH = struct.Struct("<I")


class Ask(msgspec.Struct, array_like=True):
    """Engine to worker: a numbered request, or (without a body) the wish to have that one no more."""

    id: int
    body: msgspec.Raw = NOTHING


class Answer(msgspec.Struct, array_like=True):
    """Worker to engine. Every request gets any number of parts and then exactly one answer with `last`."""

    id: int
    last: bool
    code: str = ""
    """Empty, or why it failed: `cancelled`, `refused`, `failed`; and from the engine's side of the pipe `died`,
    `timeout`, `closed`."""
    detail: str = ""
    body: msgspec.Raw = NOTHING


class FrameError(Exception):
    """The bytes are no frame."""


def pack(message: Ask | Answer) -> bytes:
    """One frame. Raises `FrameError` when it would be longer than `MAX_FRAME`."""
    body = msgspec.msgpack.encode(message)
    if len(body) > MAX_FRAME:
        raise FrameError(f"a frame of {len(body)} bytes")
    return _LENGTH.pack(len(body)) + body


def raw(body: object) -> msgspec.Raw:
    """Any message as the body of an envelope."""
    return msgspec.Raw(msgspec.msgpack.encode(body))


class Deframer:
    """Cuts a byte stream into frame bodies; holds at most one frame and one read."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def push(self, data: bytes) -> list[bytes]:
        """The frames that these bytes complete. Raises `FrameError` for an impossible length."""
        self._buffer += data
        frames: list[bytes] = []
        at = 0
        while len(self._buffer) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, at)
            if length > MAX_FRAME:
                raise FrameError(f"a frame of {length} bytes")
            end = at + _LENGTH.size + length
            if len(self._buffer) < end:
                break
            frames.append(bytes(self._buffer[at + _LENGTH.size : end]))
            at = end
        del self._buffer[:at]
        return frames
