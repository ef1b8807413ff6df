from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from tests.providers.ears.sound import speech
from tests.providers.hosted.stub import StubLink, StubStt

from vivavoce.core.events import Event, ProviderFailed, TurnScore, Used, UserWords
from vivavoce.providers.hosted.closing import Ended
from vivavoce.providers.hosted.link import Judged, Reached, Said
from vivavoce.providers.hosted.listener import Listener

RATE = 16_000


def zeros(seconds: float) -> Any:
    return np.zeros(round(seconds * RATE), np.int16)


class Scene:
    def __init__(self, stt: StubStt) -> None:
        self.stt = stt
        self.events: list[Event] = []
        self.call: Listener

    @property
    def link(self) -> StubLink:
        return self.stt.links[-1]

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def codes(self) -> list[str]:
        return [event.code for event in self.of(ProviderFailed)]

    @property
    def finals(self) -> list[tuple[str, int]]:
        return [(words.text, words.end) for words in self.of(UserWords) if words.final]

    def say(self, start: int, *parts: Any) -> int:
        """In frames of 20 ms. Returns where it ends."""
        pcm = np.concatenate(parts)
        for at in range(0, pcm.size, 320):
            self.call.feed(start + at, pcm[at : at + 320])
        return start + int(pcm.size)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - events, links and buffers: nothing tells of all of them
                await asyncio.sleep(0.001)


@asynccontextmanager
async def scene(**manner: Any) -> AsyncIterator[Scene]:
    scene = Scene(StubStt(**manner))
    scene.call = await scene.stt.open(scene.events.append)
    yield scene
    await scene.call.close()


async def test_a_service_that_cannot_keep_up_is_reported_once_and_forgiven() -> None:
    async with scene() as s:
        s.stt.blocks = True
        for n in range(14):
            s.call.feed(n * RATE, zeros(1))
            await asyncio.sleep(0)
        assert s.codes == ["overflow"]
        s.stt.blocks = False
        s.link.die(ConnectionError())
        await s.until(lambda: len(s.stt.links) == 2 and len(s.link.sent) >= 10 * RATE * 2)
        s.call.feed(14 * RATE, zeros(1))
        await s.until(lambda: len(s.link.sent) >= 11 * RATE * 2)
        assert s.codes == ["overflow", "died"]


async def test_signs_of_life_when_there_is_no_audio() -> None:
    async with scene(keep_alive_s=0.01) as s:
        await s.until(lambda: s.link.alive >= 3)
        assert not s.link.sent


async def test_the_last_message_is_filled_up_where_it_must_be() -> None:
    async with scene(least=800, pad=True) as s:
        s.call.feed(0, zeros(0.06))
        s.call.finish(960)
        await s.until(lambda: s.link.asked)
        assert len(s.link.sent) == 2 * (960 if len(s.link.sent) == 1_920 else 1_600)
        s.link.say(Said("yes", True, 0.01, 9.0, last=True))
        await s.until(lambda: s.finals)
        assert s.finals == [("yes", 960)]
        assert sum(dict(event.usage.amounts)["seconds"] for event in s.of(Used)) == pytest.approx(0.06)


async def test_audio_after_a_finish_waits_until_it_is_asked_for() -> None:
    async with scene() as s:
        s.call.feed(0, zeros(1))
        s.call.finish(RATE // 2)
        await s.until(lambda: s.link.asked)
        await s.until(lambda: len(s.link.sent) == 2 * RATE)
        assert s.link.asked_after == RATE


async def test_silence_of_the_service_means_that_nothing_was_said() -> None:
    async with scene() as s:
        s.call.feed(0, zeros(1))
        s.call.finish(RATE)
        await s.until(lambda: s.finals)
        assert s.finals == [("", RATE)]


async def test_progress_tells_it_sooner() -> None:
    async with scene(quiet_s=5.0) as s:
        s.call.feed(0, zeros(1))
        s.call.finish(RATE)
        await s.until(lambda: s.link.asked)
        s.link.say(Reached(0.9))
        await asyncio.sleep(0.01)
        assert not s.finals
        s.link.say(Reached(1.0))
        await s.until(lambda: s.finals)


async def test_words_that_stay_open_are_a_timeout_and_the_next_connection_goes_on() -> None:
    async with scene() as s:
        s.call.feed(0, zeros(1))
        s.link.say(Said("well", start=0.2, end=0.5))
        await s.until(lambda: s.of(UserWords))
        s.call.finish(RATE)
        await s.until(lambda: s.codes)
        assert s.codes == ["timeout"]
        assert not s.finals
        s.call.feed(RATE, zeros(1))
        s.call.finish(2 * RATE)
        await s.until(lambda: len(s.stt.links) == 2 and s.link.asked)
        s.link.say(Said("again", True, 0.2, 0.5, last=True))
        await s.until(lambda: s.finals)
        assert s.finals == [("again", round(1.5 * RATE))]
        assert len({words.segment for words in s.of(UserWords)}) == 2


async def test_finals_before_the_answer_are_held_back_for_it() -> None:
    async with scene() as s:
        s.call.feed(0, zeros(2))
        s.call.finish(2 * RATE)
        s.link.say(Said("one", True, 0.2, 0.5), Said("two", True, 0.6, 0.9))
        await s.until(lambda: s.finals)
        assert s.finals == [("one two", round(0.9 * RATE))]


async def test_the_new_connection_hears_what_is_not_final_but_not_all_the_silence() -> None:
    async with scene() as s:
        s.call.feed(0, zeros(8))
        await s.until(lambda: len(s.link.sent) == 16 * RATE)
        s.link.die(ConnectionError())
        await s.until(lambda: len(s.stt.links) == 2 and s.link.sent)
        assert len(s.link.sent) == 6 * RATE
        s.link.say(Said("well", start=0.2, end=0.5))
        await s.until(lambda: s.of(UserWords))
        assert s.of(UserWords)[-1].start == round(5.2 * RATE)
        assert s.codes == ["died"]


async def test_a_session_that_ends_in_silence_sleeps_until_there_is_audio() -> None:
    async with scene() as s:
        s.link.die(Ended())
        await asyncio.sleep(0.02)
        assert len(s.stt.links) == 1
        s.call.feed(0, zeros(0.5))
        await s.until(lambda: len(s.stt.links) == 2 and len(s.link.sent) == RATE)
        assert not s.codes


async def test_long_silence_is_not_sent_where_it_is_not_wanted() -> None:
    async with scene(lead=1_600, quiet_s=None) as s:
        for n in range(50):
            s.call.feed(n * 320, zeros(0.02))
        s.call.finish(RATE)
        await asyncio.sleep(0.005)
        assert s.finals == [("", RATE)]
        assert not s.link.sent
        assert not s.link.asked
        said = speech("three")
        s.say(RATE, said)
        await s.until(lambda: len(s.link.sent) >= said.size)
        assert len(s.link.sent) <= 2 * (said.size + 1_600)


async def test_speech_that_goes_on_after_a_finish_is_not_taken_for_silence() -> None:
    async with scene(lead=1_600, quiet_s=None, answer_s=1.0) as s:
        one = s.say(0, zeros(0.4), speech("one two"))
        s.call.finish(one)
        two = s.say(one, speech("three four"), zeros(0.2))
        await s.until(lambda: s.link.asked == 1 and s.call._tape.at == two)
        s.link.say(Said("one", final=True, last=True))
        await s.until(lambda: s.finals)
        s.call.finish(two)
        await s.until(lambda: s.link.asked == 2)
        s.link.say(Said("two", final=True, last=True))
        await s.until(lambda: len(s.finals) == 2)
        assert s.finals == [("one", one), ("two", two)]


async def test_words_that_stand_are_taken_when_no_more_is_said_of_them() -> None:
    async with scene() as s:
        s.call.feed(0, zeros(1))
        s.call.finish(RATE)
        await s.until(lambda: s.link.asked)
        s.link.say(Said("yes", last=True))
        await s.until(lambda: s.finals)
        assert s.finals == [("yes", RATE)]
        s.link.say(Said("yes", final=True, start=0.2, end=0.5, last=True))
        await asyncio.sleep(0.01)
        assert len(s.finals) == 1


async def test_what_is_repeated_is_no_overflow() -> None:
    async with scene() as s:
        for n in range(20):
            s.call.feed(n * RATE, zeros(1))
            await asyncio.sleep(0)
        s.link.say(Said("well", start=0.2, end=0.5))
        await s.until(lambda: s.of(UserWords))
        s.stt.blocks = True
        s.link.die(ConnectionError())
        await s.until(lambda: len(s.stt.links) == 2)
        s.call.feed(20 * RATE, zeros(1))
        assert s.codes == ["died"]


async def test_opinions_are_probabilities() -> None:
    async with scene() as s:
        s.link.say(Judged(1.7), Judged(-0.2), Judged(0.4))
        await s.until(lambda: len(s.of(TurnScore)) == 3)
        assert s.of(TurnScore) == [TurnScore(0, 1.0), TurnScore(0, 0.0), TurnScore(0, 0.4)]


async def test_messages_of_no_sense_are_passed_over() -> None:
    async with scene() as s:
        s.link.inbox.put_nowait(7)
        s.link.die(ValueError("no JSON"))
        s.link.say(Judged(0.4))
        await s.until(lambda: s.of(TurnScore))
        assert len(s.stt.links) == 1


@pytest.mark.parametrize("pcm", [np.zeros(100, np.float32), np.zeros((10, 2), np.int16)])
async def test_what_is_no_audio_is_refused(pcm: Any) -> None:
    async with scene() as s:
        with pytest.raises(ValueError, match="one row of int16"):
            s.call.feed(0, pcm)
