"""Microphone and loudspeakers, through miniaudio: its wheels carry their own native library.

There is no echo cancellation here: use a headset, or the page, where the browser does it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from ..audio.frame import Frame
from ..audio.pcm import Pcm, from_bytes
from ..core.commands import Role
from ..core.errors import BadInput
from ..core.events import ProviderFailed
from .base import Post

IN_RATE = 16_000
OUT_RATE = 24_000
DEVICE_MS = 20
BACKLOG_MS = 80
"""More waiting than this, and frames of silence are left out: the device's clock is slower than ours."""
MAX_BACKLOG_MS = 1_000


class NoDevice(BadInput):
    """There is no microphone or no loudspeaker."""


def open_microphone() -> Microphone:
    """The first microphone and loudspeaker of this machine that work. Raises NoDevice."""
    try:
        import miniaudio
    except ImportError:
        raise NoDevice("microphone support is not installed; fix: pip install 'vivavoce[mic]'") from None
    with _quiet():
        for backend in miniaudio.get_enabled_backends():
            if backend is not miniaudio.Backend.NULL:
                try:
                    return Microphone([backend])
                except miniaudio.MiniaudioError:
                    continue
    raise NoDevice("no microphone and loudspeaker found; fix: connect them, or use --in FILE.wav or --text")


@contextmanager
def _quiet() -> Iterator[None]:
    """The system's audio libraries write their own complaints to standard error; we say it in one line instead."""
    saved, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nothing)


class Microphone:
    """The person at this machine. `backends`: miniaudio's audio systems to try; its null backend serves tests."""

    reports_playback = False
    open_air = True

    def __init__(self, backends: list[Any]) -> None:
        import miniaudio

        self._capture = miniaudio.CaptureDevice(
            miniaudio.SampleFormat.SIGNED16, 1, IN_RATE, DEVICE_MS, backends=backends
        )
        try:
            self._playback = miniaudio.PlaybackDevice(
                miniaudio.SampleFormat.SIGNED16, 1, OUT_RATE, 2 * DEVICE_MS, backends=backends
            )
        except miniaudio.MiniaudioError:
            self._capture.close()
            raise
        self._queue: asyncio.Queue[Pcm | None] = asyncio.Queue(maxsize=500)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._post: Post | None = None
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._closed = False

    def attach(self, post: Post) -> None:
        self._post = post

    async def frames(self) -> AsyncIterator[Frame]:
        """Frames as the device gives them, about 20 ms each."""
        self._loop = asyncio.get_running_loop()
        recorder, player = self._record(), self._speak()
        next(recorder)
        next(player)
        self._capture.start(recorder)
        self._playback.start(player)
        at = 0
        while (pcm := await self._queue.get()) is not None:
            yield Frame(at, pcm, IN_RATE)
            at += len(pcm)

    def play(self, pcm: Pcm) -> None:
        with self._lock:
            backlog = len(self._waiting) // 2 * 1000 // OUT_RATE
            if backlog > BACKLOG_MS and not pcm.any():
                return
            if backlog <= MAX_BACKLOG_MS:
                self._waiting += pcm.tobytes()
                return
        if self._post is not None:
            self._post(ProviderFailed(Role.TRANSPORT, "overflow", "the loudspeaker does not take the audio"))

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._capture.close()
            self._playback.close()
            self._put(None)

    def _record(self) -> Generator[None, bytes, None]:
        """Runs on the device's thread."""
        while True:
            data = yield
            if self._loop is not None and not self._closed:
                self._loop.call_soon_threadsafe(self._put, from_bytes(data))

    def _put(self, pcm: Pcm | None) -> None:
        if self._queue.full():
            self._queue.get_nowait()
            if self._post is not None:
                self._post(ProviderFailed(Role.TRANSPORT, "overflow", "microphone audio was not taken in time"))
        self._queue.put_nowait(pcm)

    def _speak(self) -> Generator[bytes, int, None]:
        """Runs on the device's thread: as many samples as it asks for, silence where there are none."""
        wanted = yield b""
        while True:
            with self._lock:
                data = bytes(self._waiting[: 2 * wanted])
                del self._waiting[: 2 * wanted]
            wanted = yield data + bytes(2 * wanted - len(data))
