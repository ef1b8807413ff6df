"""What the engine relies on in every recogniser, one law to a function; `test_stt_contract` holds them all to it."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tests.providers.ears.sound import RATE, silence
from tests.providers.ears.vendor import Script, Vendor

from vivavoce.core.commands import Role
from vivavoce.core.events import Event, ProviderFailed, TurnScore, Used, UserWords
from vivavoce.providers.base import Pcm, Stt, SttCall
from vivavoce.providers.profile import SttProfile

FRAME = RATE // 50
SETTLE_S = 0.04
"""Time for something that should not come to come."""


@dataclass(frozen=True)
class Subject:
    """A recogniser to be held to the laws. Two speeches, and what is to be heard of them."""

    name: str
    make: Callable[[Vendor | None], Stt]
    profile: SttProfile
    first: tuple[Pcm, str]
    second: tuple[Pcm, str]
    vendor: Callable[[], Vendor] | None = None
    """Its service; None when it hears by itself."""
    expect: tuple[str, ...] = ()
    excused: dict[str, str] = field(default_factory=dict)
    """Laws that it need not keep, and why."""

    @asynccontextmanager
    async def open(self, **script: Any) -> AsyncIterator[Caller]:
        """A caller, whose service behaves as `script` says. Fails if the recogniser leaves anything behind."""
        async with self.serving(**script) as vendor:
            threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
            stt = self.make(vendor)
            caller = Caller(self, stt, vendor)
            try:
                caller.call = await stt.open(caller.post, self.expect)
                yield caller
                await caller.call.close()
            finally:
                await stt.close()
            if vendor is not None:
                await vendor.deserted()
            posted = len(caller.events)
            await asyncio.sleep(SETTLE_S)
            left = {task for task in asyncio.all_tasks() - tasks if "websockets" not in repr(task.get_coro())}
            assert not left
            assert not {thread.name for thread in set(threading.enumerate()) - threads}
            assert len(caller.events) == posted, "posted after it was closed"

    @asynccontextmanager
    async def serving(self, **script: Any) -> AsyncIterator[Vendor | None]:
        if self.vendor is None:
            yield None
            return
        async with self.vendor() as vendor:
            vendor.script = Script(**script)
            yield vendor


class Caller:
    """Speaks in 20 ms frames and collects what the recogniser posts."""

    def __init__(self, subject: Subject, stt: Stt, vendor: Vendor | None, at: int = 0) -> None:
        self.subject = subject
        self.stt = stt
        self.vendor = vendor
        self.at = at
        self.events: list[Event] = []
        self.news = asyncio.Event()
        self.call: SttCall

    def post(self, event: Event) -> None:
        self.events.append(event)
        self.news.set()

    def posted(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def words(self) -> list[UserWords]:
        return self.posted(UserWords)

    @property
    def finals(self) -> list[UserWords]:
        return [words for words in self.words if words.final]

    @property
    def heard(self) -> str:
        return " ".join(words.text for words in self.finals if words.text)

    @property
    def codes(self) -> list[str]:
        return [failed.code for failed in self.posted(ProviderFailed)]

    async def until(self, condition: Callable[[], object], within_s: float = 10) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self.news.clear()
                await self.news.wait()

    async def say(self, *parts: Pcm) -> None:
        for pcm in parts:
            for at in range(0, len(pcm), FRAME):
                frame = pcm[at : at + FRAME]
                self.call.feed(self.at, frame)
                self.at += len(frame)
                await asyncio.sleep(0)
            await asyncio.sleep(0.002)

    async def finish(self) -> UserWords:
        before = len(self.finals)
        self.call.finish(self.at)
        await self.until(lambda: len(self.finals) > before)
        return self.finals[-1]

    async def hear(self, pcm: Pcm) -> UserWords:
        """Say it after a short silence, and have it finished."""
        await self.say(silence(300), pcm, silence(200))
        return await self.finish()


async def reports_partials_then_a_final(subject: Subject) -> None:
    async with subject.open() as caller:
        pcm, text = subject.first
        await caller.say(silence(300), pcm, silence(100))
        if subject.name != "openai":
            await caller.until(lambda: caller.words)
        final = await caller.finish()
        assert final.text == text
        partials = [words for words in caller.words if not words.final]
        assert all(words.text for words in partials)
        assert all(one.text != other.text for one, other in itertools.pairwise(partials))
        assert bool(partials) == subject.profile.partials
        assert caller.finals == [final]
        assert not caller.codes


async def answers_finish_exactly_once(subject: Subject) -> None:
    async with subject.open() as caller:
        nothing = await caller.finish()
        await caller.say(silence(600))
        silent = await caller.finish()
        again = await caller.finish()
        await asyncio.sleep(SETTLE_S)
        assert caller.finals == [nothing, silent, again]
        assert {words.text for words in caller.finals} == {""}
        assert (await caller.hear(subject.first[0])).text == subject.first[1]
        await asyncio.sleep(SETTLE_S)
        assert len(caller.finals) == 4
        assert not caller.codes


async def answers_each_of_several_finishes(subject: Subject) -> None:
    async with subject.open() as caller:
        await caller.say(silence(300), subject.first[0], silence(200))
        for _ in range(3):
            caller.call.finish(caller.at)
        await caller.until(lambda: len(caller.finals) == 3)
        await asyncio.sleep(SETTLE_S)
        assert [words.text for words in caller.finals] == [subject.first[1], "", ""]


async def gives_times_within_what_was_fed(subject: Subject) -> None:
    async with subject.open() as caller:
        caller.at = begun = 10 * RATE
        for pcm, text in (subject.first, subject.second):
            assert (await caller.hear(pcm)).text == text
            caller.at += 7 * RATE // 2
        before = begun
        for words in caller.words:
            assert begun <= words.start <= words.end <= caller.at
            assert not words.times or len(words.times) == len(words.text.split())
            inner = [instant for times in words.times for instant in times]
            assert inner == sorted(inner)
            assert all(words.start <= instant <= words.end for instant in inner)
            if words.final:
                assert words.start >= before
                before = words.end
        assert any(words.times for words in caller.finals) == subject.profile.word_times


async def begins_a_new_segment_after_a_final(subject: Subject) -> None:
    async with subject.open() as caller:
        finals = [await caller.hear(pcm) for pcm, _ in (subject.first, subject.second)]
        assert [words.text for words in finals] == [subject.first[1], subject.second[1]]
        numbers = [words.segment for words in caller.words]
        assert numbers == sorted(numbers)
        assert len({words.segment for words in caller.finals}) == len(caller.finals)


async def survives_being_closed_at_any_moment(subject: Subject) -> None:
    pcm = np.concatenate([silence(300), subject.first[0], silence(100)])
    moments: list[Callable[[SttCall], Any]] = [
        lambda call: None,
        lambda call: call.feed(0, pcm[: RATE // 3]),
        lambda call: call.finish(0),
        lambda call: (call.feed(0, pcm), call.finish(pcm.size)),  # type: ignore[func-returns-value]
    ]
    async with subject.open() as caller:
        for moment, rounds in itertools.product(moments, (0, 4)):
            events: list[Event] = []
            call = await caller.stt.open(events.append, subject.expect)
            moment(call)
            for _ in range(rounds):
                await asyncio.sleep(0.001)
            await asyncio.gather(call.close(), call.close())
            posted = len(events)
            call.feed(pcm.size, silence(100))
            call.finish(pcm.size)
            await call.close()
            await asyncio.sleep(0.005)
            assert len(events) == posted


async def does_not_block_feed(subject: Subject) -> None:
    async with subject.open() as caller:
        pcm, times = np.tile(subject.first[0], 4), []
        for at in range(0, pcm.size, FRAME):
            begun = time.perf_counter()
            caller.call.feed(at, pcm[at : at + FRAME])
            times.append(time.perf_counter() - begun)
        assert sorted(times)[len(times) // 2] < 0.001
        assert sum(times) < 0.5


async def tells_what_was_used(subject: Subject) -> None:
    async with subject.open() as caller:
        await caller.hear(subject.first[0])
        await caller.until(lambda: caller.posted(Used))
        used = [event.usage for event in caller.posted(Used)]
        assert {(usage.role, usage.model) for usage in used} == {(Role.STT, caller.stt.model)}
        seconds = sum(dict(usage.amounts)["seconds"] for usage in used)
        assert seconds <= caller.at / RATE + 0.001
        assert seconds >= 0.8 * caller.at / RATE


async def judges_turns_if_it_says_so(subject: Subject) -> None:
    async with subject.open() as caller:
        await caller.say(silence(300), subject.first[0], silence(1_000))
        await caller.finish()
        scores = caller.posted(TurnScore)
        assert bool(scores) == subject.profile.turns
        assert all(score.turn == 0 and 0.0 <= score.p <= 1.0 for score in scores)
        assert not scores or scores[-1].p >= 0.6


LAWS: tuple[Callable[[Subject], Any], ...] = (
    reports_partials_then_a_final,
    answers_finish_exactly_once,
    answers_each_of_several_finishes,
    gives_times_within_what_was_fed,
    begins_a_new_segment_after_a_final,
    survives_being_closed_at_any_moment,
    does_not_block_feed,
    tells_what_was_used,
    judges_turns_if_it_says_so,
)
