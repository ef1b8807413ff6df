"""What one end of a line says is what the other one hears, to the sample and in time; and so through a relay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from tests.runtime.fakes import Line, Said, ScriptLlm, ToneTts, make, tone
from tests.transports.peer import tidy

from vivavoce.audio.frame import Frame
from vivavoce.audio.pcm import Pcm
from vivavoce.core.events import Event, ProviderFailed
from vivavoce.core.notices import ReplyClosed
from vivavoce.core.units import OUT_RATE
from vivavoce.runtime.clock import run
from vivavoce.transports import bridge
from vivavoce.transports.base import Attached, Transport
from vivavoce.transports.bridge import FRAME, SLACK, Beat, Lane, Wire, relay


def voice(frames: int, first: int = 1) -> Pcm:
    """Samples that tell where they are."""
    return (np.arange(frames * FRAME) % 20_000 + first).astype(np.int16)


def virtually(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def watched() -> None:
        async with tidy():
            await main()

    run(watched(), realtime=False)


async def say(end: Transport, pcm: Pcm, late_ms: int = 0) -> None:
    """As a playout does; every other frame comes late."""
    beat = Beat()
    for number, at in enumerate(range(0, pcm.size, FRAME)):
        await asyncio.sleep(late_ms / 1000 if number % 2 else 0)
        end.play(pcm[at : at + FRAME])
        await beat.wait()


async def listen(transport: Transport, heard: list[Frame]) -> None:
    async for frame in transport.frames():
        heard.append(frame)


def joined(heard: list[Frame]) -> Pcm:
    return np.concatenate([frame.pcm for frame in heard])


def begin(wire: Wire) -> tuple[list[Frame], list[Frame], list[asyncio.Task[None]]]:
    """Both ends listen."""
    heard: tuple[list[Frame], list[Frame]] = [], []
    return *heard, [asyncio.create_task(listen(end, kept)) for end, kept in zip(wire.ends, heard, strict=True)]


# a line with two ends


def test_an_end_is_a_transport() -> None:
    end: Transport = Wire().ends[0]
    assert isinstance(end, Attached)


@pytest.mark.parametrize("late_ms", [0, 7, 19])
def test_every_sample_is_heard_in_order_and_pauses_are_kept(late_ms: int) -> None:
    async def main() -> None:
        wire = Wire()
        left, _ = wire.ends
        heard_left, heard_right, tasks = begin(wire)
        await asyncio.sleep(0.1053)
        await say(left, voice(10), late_ms)
        await asyncio.sleep(0.3501)
        await say(left, voice(5, first=5_000), late_ms)
        await asyncio.sleep(0.1)
        await wire.close()
        await asyncio.gather(*tasks)
        pcm = joined(heard_right)
        first = round(0.1053 * OUT_RATE) + SLACK
        second = round((0.1053 + 0.2 + 0.3501) * OUT_RATE) + SLACK
        assert np.array_equal(pcm[first : first + 10 * FRAME], voice(10))
        assert np.array_equal(pcm[second : second + 5 * FRAME], voice(5, first=5_000))
        assert int((pcm != 0).sum()) == 15 * FRAME
        assert not joined(heard_left).any()

    virtually(main)


def test_frames_of_20_ms_come_when_their_last_sample_was_spoken() -> None:
    async def main() -> None:
        wire, times = Wire(), []
        _, heard, tasks = begin(wire)
        start = asyncio.get_running_loop().time()
        for _ in range(50):
            await asyncio.sleep(0.02)
            times.append((round((asyncio.get_running_loop().time() - start) * 1000), len(heard)))
        assert times[-1] in ((1_000, 49), (1_000, 50))
        assert [frame.start for frame in heard] == [n * FRAME for n in range(len(heard))]
        assert {(frame.pcm.size, frame.rate) for frame in heard} == {(FRAME, OUT_RATE)}
        await wire.close()
        await asyncio.gather(*tasks)

    virtually(main)


def test_a_gap_that_is_no_unevenness_is_heard_as_one() -> None:
    lane = Lane()
    assert lane.put(0, voice(1)) == 0
    lane.put(FRAME + SLACK, voice(1))
    lane.put(3 * FRAME + SLACK + 1, voice(1))
    pcm = np.concatenate([lane.take() for _ in range(7)])
    sounding = np.flatnonzero(pcm)
    assert (sounding[0], sounding[-1]) == (SLACK, 4 * FRAME + 2 * SLACK)
    assert sounding.size == 3 * FRAME
    assert not len(lane)


def test_a_telephone_hears_at_its_own_rate() -> None:
    async def main() -> None:
        wire = Wire(rate=8_000)
        _, heard, tasks = begin(wire)
        await say(wire.ends[0], tone(1_000, OUT_RATE, hz=500.0))
        await asyncio.sleep(0.1)
        await wire.close()
        await asyncio.gather(*tasks)
        pcm = joined(heard)
        assert {(frame.pcm.size, frame.rate) for frame in heard} == {(160, 8_000)}
        middle, wanted = pcm[400:7_000], tone(1_000, 8_000, hz=500.0)
        best = max(np.corrcoef(middle, wanted[at : at + middle.size])[0, 1] for at in range(16))
        assert best > 0.999

    virtually(main)


def test_what_is_said_before_anybody_listens_is_heard_then() -> None:
    async def main() -> None:
        wire = Wire()
        await say(wire.ends[0], voice(3))
        assert wire.position == SLACK
        _, heard, tasks = begin(wire)
        await asyncio.sleep(0.2)
        await wire.close()
        await asyncio.gather(*tasks)
        assert np.array_equal(joined(heard)[SLACK:][: 3 * FRAME], voice(3))

    virtually(main)


@pytest.mark.parametrize("side", [0, 1])
def test_who_hangs_up_ends_the_others_frames_after_the_last_word(side: int) -> None:
    async def main() -> None:
        wire = Wire()
        *heard, tasks = begin(wire)
        wire.ends[side].play(voice(1))
        wire.ends[1 - side].play(voice(1))
        await wire.ends[side].close()
        await wire.ends[side].close()
        async with asyncio.timeout(0.2):
            await asyncio.gather(*tasks)
        await wire.close()
        assert wire.hung_up == side
        assert heard[side] == []
        assert np.array_equal(joined(heard[1 - side])[SLACK:], voice(1))

    virtually(main)


def test_who_hangs_up_before_the_other_listens_is_not_waited_for() -> None:
    async def main() -> None:
        wire = Wire()
        heard: list[Frame] = []
        waiting = asyncio.create_task(listen(wire.ends[0], heard))
        await asyncio.sleep(1)
        assert not waiting.done()
        await wire.ends[1].close()
        await waiting
        assert heard == []
        await listen(wire.ends[1], heard)

    virtually(main)


def test_what_nobody_hears_is_dropped_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "LONGEST_S", 1)
    posted: list[Event] = []
    end = Wire().ends[0]
    end.attach(posted.append)
    for _ in range(49):
        end.play(voice(1))
    assert posted == []
    end.play(voice(1))
    end.play(voice(1))
    assert [(event.code, event.detail) for event in posted if isinstance(event, ProviderFailed)] == [
        ("overflow", "nobody hears it: more than 1 s wait")
    ] * 2


def test_everything_heard_is_shown_from_the_beginning_on() -> None:
    shown: tuple[list[Pcm], list[Pcm]] = [], []

    async def main() -> None:
        wire = Wire(lambda side, pcm: shown[side].append(pcm))
        *_, tasks = begin(wire)
        await asyncio.sleep(0.1)
        await say(wire.ends[1], voice(2))
        await asyncio.sleep(0.1)
        await wire.close()
        await asyncio.gather(*tasks)

    virtually(main)
    left, right = (np.concatenate(pieces) for pieces in shown)
    assert not left.any()
    assert np.flatnonzero(right)[0] == round(0.1 * OUT_RATE) + SLACK


def test_a_stall_delays_and_loses_nothing() -> None:
    async def main() -> None:
        wire = Wire()
        heard: list[Frame] = []

        async def slow() -> None:
            async for frame in wire.ends[1].frames():
                heard.append(frame)
                if len(heard) == 5:
                    await asyncio.sleep(0.5)

        tasks = [asyncio.create_task(slow()), asyncio.create_task(listen(wire.ends[0], []))]
        await say(wire.ends[0], voice(50))
        await asyncio.sleep(0.1)
        assert 53 <= len(heard) <= 55
        await wire.close()
        await asyncio.gather(*tasks)
        assert np.array_equal(joined(heard)[SLACK:][: 50 * FRAME], voice(50))

    virtually(main)


# two sessions


def test_two_agents_hear_each_other_and_time_costs_nothing() -> None:
    """The left one greets; the right one answers, and hangs up. Twice the same, to the sample."""

    def call() -> tuple[list[tuple[str, int]], Pcm]:
        shown: tuple[list[Pcm], list[Pcm]] = [], []
        wire = Wire(lambda side, pcm: shown[side].append(pcm))
        words = Said(140, 660, "hello over there")
        left = make(greeting="Hello there.", line=wire.ends[0], llm=ScriptLlm(["Goodbye."]))  # type: ignore[arg-type]
        right = make(words, line=wire.ends[1], llm=ScriptLlm(["Who is it?"]), tts=ToneTts(char_ms=40))  # type: ignore[arg-type]

        async def main() -> None:
            calls = [asyncio.create_task(side.session.run()) for side in (left, right)]
            await asyncio.sleep(8)
            await wire.ends[0].close()
            summaries = await asyncio.gather(*calls)
            assert [(summary.reason, summary.reports) for summary in summaries] == [("caller", ())] * 2

        virtually(main)
        closed = [c for side in (left, right) for c in side.told(ReplyClosed) if isinstance(c, ReplyClosed)]
        return [(c.heard, c.samples) for c in closed], np.concatenate(shown[1])

    first, second = call(), call()
    assert [heard for heard, _ in first[0]][:2] == ["Hello there.", "Who is it?"]
    assert first[0] == second[0]
    assert np.array_equal(first[1], second[1])


# any two transports


class Caller:
    """Says something, hears something, and is gone after `until` ms (or closed); or breaks."""

    reports_playback = False

    def __init__(self, said: Pcm, rate: int, until: int = 1 << 40, breaks: bool = False) -> None:
        self.said = said
        self.rate = rate
        self.until = until
        self.breaks = breaks
        self.heard: list[Pcm] = []
        self.closed = 0

    async def frames(self) -> AsyncIterator[Frame]:
        beat, step = Beat(), self.rate // 50
        for at in range(0, self.until * self.rate // 1000, step):
            await beat.wait()
            if self.closed:
                return
            pcm = np.zeros(step, dtype=np.int16)
            piece = self.said[at : at + step]
            pcm[: piece.size] = piece
            yield Frame(at, pcm, self.rate)
        if self.breaks:
            raise RuntimeError("the cable is cut")

    def play(self, pcm: Pcm) -> None:
        self.heard.append(pcm.copy())

    async def close(self) -> None:
        self.closed += 1


def test_a_relay_puts_two_lines_through_at_their_own_rates() -> None:
    left = Caller(tone(500, 8_000, hz=500.0), 8_000, until=2_000)
    right = Caller(voice(10), OUT_RATE)

    async def main() -> None:
        await relay(left, right)

    virtually(main)
    heard = np.concatenate(left.heard)
    assert np.array_equal(heard[: 10 * FRAME], voice(10))
    assert all(pcm.size == FRAME for pcm in left.heard + right.heard)
    wanted = tone(500, OUT_RATE, hz=500.0)
    assert np.corrcoef(np.concatenate(right.heard)[: wanted.size], wanted)[0, 1] > 0.999
    # Long silence is not played.
    assert len(right.heard) < 40
    assert (left.closed, right.closed) == (1, 1)


def test_short_silence_within_speech_is_passed_on() -> None:
    said = np.concatenate((voice(2), np.zeros(FRAME, dtype=np.int16), voice(2)))
    left, right = Caller(said, OUT_RATE, until=500), Caller(voice(0), OUT_RATE)
    virtually(lambda: relay(left, right))
    assert np.array_equal(np.concatenate(right.heard)[: said.size], said)


def test_a_line_that_breaks_ends_the_relay_and_says_why() -> None:
    left, right = Caller(voice(1), OUT_RATE), Caller(voice(1), OUT_RATE, until=100, breaks=True)

    async def main() -> None:
        with pytest.raises(RuntimeError, match="the cable is cut"):
            await relay(left, right)

    virtually(main)
    assert (left.closed, right.closed) == (1, 1)


class Stubborn(Caller):
    """Goes on though it was closed."""

    async def close(self) -> None: ...


def test_nobody_keeps_a_relay_from_ending() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await relay(Stubborn(voice(0), OUT_RATE), Caller(voice(0), OUT_RATE, until=1_000))
        assert loop.time() - before < 2.2
        task = asyncio.create_task(relay(Stubborn(voice(0), OUT_RATE), Caller(voice(0), OUT_RATE)))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    virtually(main)


def test_any_caller_reaches_a_session_over_a_wire() -> None:
    words = Said(500, 900, "what is the time please")
    wire, line = Wire(), Line(words, until=5_000)
    call = make(words, line=wire.ends[1])  # type: ignore[arg-type]

    async def main() -> None:
        await asyncio.gather(call.session.run(), relay(line, wire.ends[0]))

    virtually(main)
    assert call.session.summary is not None
    assert (call.session.summary.turns, call.session.summary.reports) == (1, ())
    assert np.abs(line.pcm).max() > 1_000
