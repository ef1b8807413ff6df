"""The microphone's real code on miniaudio's null backend, which records silence and plays to nobody."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import aclosing

import miniaudio
import numpy as np
import pytest

from vivavoce.core.events import Event, ProviderFailed
from vivavoce.transports.mic import BACKLOG_MS, IN_RATE, OUT_RATE, Microphone, NoDevice, open_microphone

FRAME = OUT_RATE // 50


def null() -> Microphone:
    return Microphone([miniaudio.Backend.NULL])


def test_frames_follow_each_other_without_gaps() -> None:
    async def listen() -> list[tuple[int, int]]:
        mic, got = null(), []
        async with aclosing(mic.frames()) as frames:
            async for frame in frames:
                assert frame.rate == IN_RATE
                got.append((frame.start, len(frame.pcm)))
                if len(got) == 5:
                    break
        await mic.close()
        return got

    got = asyncio.run(asyncio.wait_for(listen(), 20))
    assert all(a + n == b for (a, n), (b, _) in itertools.pairwise(got))


def test_closing_ends_the_frames_and_may_come_twice() -> None:
    async def listen() -> None:
        mic = null()
        async with aclosing(mic.frames()) as frames:
            async for _ in frames:
                await mic.close()
                await mic.close()

    asyncio.run(asyncio.wait_for(listen(), 20))


def test_silence_is_left_out_before_it_delays_speech() -> None:
    async def speak() -> int:
        mic = null()
        for _ in range(50):
            mic.play(np.zeros(FRAME, dtype=np.int16))
        waiting = len(mic._waiting) // 2
        await mic.close()
        return waiting

    assert asyncio.run(speak()) <= OUT_RATE * (BACKLOG_MS + 20) // 1000


def test_a_loudspeaker_that_takes_nothing_is_reported() -> None:
    async def speak() -> list[Event]:
        mic, posted = null(), []
        mic.attach(posted.append)
        for _ in range(100):
            mic.play(np.ones(FRAME, dtype=np.int16))
        await mic.close()
        return posted

    posted = asyncio.run(speak())
    assert posted
    assert all(isinstance(e, ProviderFailed) and e.code == "overflow" for e in posted)


def test_no_device_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(miniaudio, "get_enabled_backends", lambda: {miniaudio.Backend.NULL})
    with pytest.raises(NoDevice, match=r"no microphone and loudspeaker found; fix: .* --in FILE.wav"):
        open_microphone()
