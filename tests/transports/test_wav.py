"""Recordings keep time, leave nothing out, and wait their turn."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np

from vivavoce.audio.frame import Frame
from vivavoce.core.commands import Why
from vivavoce.core.notices import (
    Ending,
    Notice,
    Origin,
    ReplyAudible,
    ReplyClosed,
    ReplyOpened,
    TurnReport,
    UserStarted,
    UserTurned,
)
from vivavoce.runtime.clock import run
from vivavoce.transports.wav import FRAME, RATE, Recording, Recordings


def clip(ms: int, value: int = 1000) -> Recording:
    return Recording("clip", np.full(RATE * ms // 1000, value, dtype=np.int16))


def answer(reply: int) -> list[Notice]:
    report = TurnReport(reply, reply, Origin.TURN, "", "", "", True, False, None, None, (), (), 0.0, ())
    return [ReplyClosed(reply, Ending.DONE, "x", "x", True, 10), report]


def play(recordings: Recordings, script: dict[int, list[Notice]]) -> list[tuple[int, Frame]]:
    """All frames with the ms at which they came; `script` says which notices the caller sees when."""

    async def listen() -> list[tuple[int, Frame]]:
        loop, got = asyncio.get_running_loop(), []
        start = loop.time()
        for at, notices in script.items():
            for notice in notices:
                loop.call_at(start + at / 1000, recordings.observe, at, notice, Why.ASKED)
        async for frame in recordings.frames():
            got.append((round((loop.time() - start) * 1000), frame))
        return got

    return run(listen(), realtime=False)


def loud(frames: list[tuple[int, Frame]]) -> list[int]:
    return [at for at, frame in frames if frame.pcm.any()]


def test_frames_come_when_their_last_sample_was_spoken() -> None:
    frames = play(Recordings([clip(100)]), {})
    assert [at for at, _ in frames] == [20 * (n + 1) for n in range(len(frames))]
    assert [frame.start for _, frame in frames] == [FRAME * n for n in range(len(frames))]


def test_every_sample_is_sent_and_the_last_frame_is_filled_up() -> None:
    frames = play(Recordings([clip(50)]), {})
    sent = np.concatenate([frame.pcm for _, frame in frames])
    assert int((sent != 0).sum()) == RATE * 50 // 1000
    assert all(len(frame.pcm) == FRAME for _, frame in frames)


def test_the_next_recording_waits_for_the_end_of_the_answer() -> None:
    script: dict[int, list[Notice]] = {
        900: [
            UserStarted(1, 0, "item_1"),
            UserTurned(1, "i", "x", 0, 1),
            ReplyOpened(1, Origin.TURN, "j"),
            ReplyAudible(1),
        ],
        4_000: answer(1),
    }
    times = loud(play(Recordings([clip(100), clip(100)]), script))
    assert times[:5] == [620 + 20 * n for n in range(5)] or times[0] <= 640
    second = [t for t in times if t > 1_000]
    assert second[0] >= 4_600
    assert second[0] <= 4_700


def test_a_cut_in_begins_in_the_middle_of_the_answer() -> None:
    script: dict[int, list[Notice]] = {
        900: [ReplyOpened(1, Origin.TURN, "j")],
        1_000: [ReplyAudible(1)],
        9_000: answer(1),
    }
    times = loud(play(Recordings([clip(100), replace(clip(100), cut_in_ms=1_500)]), script))
    second = [t for t in times if t > 1_000]
    assert 2_500 <= second[0] <= 2_560


def test_an_unanswered_recording_is_not_waited_for_for_ever() -> None:
    frames = play(Recordings([clip(100), clip(100)]), {})
    assert len(loud(frames)) == 10
    assert frames[-1][0] < 15_000


def test_closing_ends_the_call() -> None:
    recordings = Recordings([clip(100)])
    asyncio.run(recordings.close())
    assert len(play(recordings, {})) <= 5
