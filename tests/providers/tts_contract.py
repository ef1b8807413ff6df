"""What the engine relies on in every synthesiser, one law to a function; `test_tts_contract` holds them all to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from tests.providers.voices.script import FakeVoice, Script, samples

from vivavoce.core.commands import Role, Usage
from vivavoce.core.events import WordEnd
from vivavoce.providers.base import ProviderError, Speech, Tts
from vivavoce.providers.profile import TtsProfile

TEXT = "Well, the quick brown fox jumps over the lazy dog. Doesn't it?"
LONG = "This sentence, which is not short, comes again and again. " * 12 + "And so it ends."
CANCEL_S = 0.05
"""How soon a vendor hears of a cancellation."""
SHORT_S = 0.05
"""Limits of waiting, in tests of waiting."""


@dataclass(frozen=True)
class Subject:
    """A synthesiser to be held to the laws."""

    name: str
    make: Callable[[FakeVoice | None], Tts]
    profile: TtsProfile
    voice: str
    fake: Callable[[], FakeVoice] | None = None
    """Its vendor; None when it speaks by itself."""

    @asynccontextmanager
    async def open(self, **script: Any) -> AsyncIterator[Stage]:
        """The synthesiser, and its vendor behaving as `script` says. Fails if it leaves anything behind."""
        async with self._vendor() as fake:
            if fake is not None:
                fake.script = Script(**script)
            threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
            tts = self.make(fake)
            try:
                yield Stage(self, tts, fake)
            finally:
                await tts.close()
            if fake is not None:
                await fake.deserted()
            left = {task for task in asyncio.all_tasks() - tasks if not task.get_coro().__qualname__.startswith("Fake")}
            assert not left
            for thread in set(threading.enumerate()) - threads:
                # OpenAI's SDK asks for the platform in a thread of the loop's own pool, which ends with the loop.
                if not thread.name.startswith("asyncio_"):
                    thread.join(1)
                    assert not thread.is_alive()

    @asynccontextmanager
    async def _vendor(self) -> AsyncIterator[FakeVoice | None]:
        if self.fake is None:
            yield None
        else:
            async with self.fake() as fake:
                yield fake


@dataclass
class Said:
    """All that came of one speech."""

    parts: list[Speech] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    error: ProviderError | None = None
    order: list[type] = field(default_factory=list)

    @property
    def pcm(self) -> np.ndarray:
        return np.concatenate([np.zeros(0, np.int16), *(part.pcm for part in self.parts)])

    @property
    def words(self) -> list[WordEnd]:
        return [word for part in self.parts for word in part.words]


@dataclass
class Stage:
    """A synthesiser on stage, with its vendor."""

    subject: Subject
    tts: Any
    fake: FakeVoice | None

    def speak(self, text: str = TEXT, voice: str = "", speed: float = 1.0, before: str = "") -> Any:
        return self.tts.speak(text, voice or self.subject.voice, speed, before)

    async def say(self, text: str = TEXT, voice: str = "", speed: float = 1.0) -> Said:
        said = Said()
        try:
            async for part in self.speak(text, voice, speed):
                said.order.append(type(part))
                (said.usages if isinstance(part, Usage) else said.parts).append(part)
        except ProviderError as error:
            said.error = error
        return said


Stages = Callable[..., AbstractAsyncContextManager[Stage]]


async def gives_audio_before_the_whole_is_made(open_: Stages) -> None:
    async with open_(stall_at=3) as stage, aclosing(stage.speak(LONG)) as speech:
        first = await anext(speech)
        assert isinstance(first, Speech)
        assert first.pcm.size
        if stage.fake is not None:
            assert len(stage.fake.sent) <= 3


async def gives_int16_mono(open_: Stages) -> None:
    async with open_() as stage:
        said = await stage.say()
        assert said.error is None
        assert stage.tts.rate > 0
        assert len(said.parts) > 1
        for part in said.parts:
            assert part.pcm.dtype == np.int16
            assert part.pcm.ndim == 1
        assert np.abs(said.pcm.astype(np.int32)).max() > 500
        if stage.fake is not None:
            assert said.pcm.size == samples(TEXT)


async def tells_words_in_order_within_the_audio(open_: Stages) -> None:
    async with open_() as stage:
        for text in (TEXT, "Yes.", " Padded by blanks. ", "One – two. "):
            said = await stage.say(text)
            if not stage.subject.profile.word_times:
                assert said.words == []
                continue
            chars, at = [w.chars for w in said.words], [w.samples for w in said.words]
            assert chars == sorted(set(chars))
            assert at == sorted(at)
            assert at[0] > 0
            assert at[-1] <= said.pcm.size
            assert chars[-1] == len(text)
            assert all(end == len(text) or text[end].isspace() for end in chars)


async def tells_one_usage_at_the_end(open_: Stages) -> None:
    async with open_() as stage:
        said = await stage.say()
        assert said.order[-1] is Usage
        seconds = said.pcm.size / stage.tts.rate
        assert said.usages == [Usage(Role.TTS, stage.tts.model, (("characters", len(TEXT)), ("seconds", seconds)))]


async def is_cancelled_by_closing_at_any_moment(open_: Stages) -> None:
    async with open_(each_s=0.001) as stage:
        for parts in (0, 1, 3):
            if stage.fake is not None:
                stage.fake.cancelled.clear()
            async with aclosing(stage.speak(LONG)) as speech:
                for _ in range(parts):
                    await anext(speech)
            if stage.fake is not None and parts:
                await asyncio.wait_for(stage.fake.cancelled.wait(), CANCEL_S)
        said = await stage.say()
        assert said.error is None
        assert said.pcm.size
        if stage.fake is not None:
            # Nothing of what was cut off is heard in what follows.
            assert said.pcm.size == samples(TEXT)


async def is_cancelled_with_its_task_before_the_first_audio(open_: Stages) -> None:
    async with open_(stall_at=0) as stage:
        if stage.fake is None:
            return
        task = asyncio.create_task(stage.say())
        await asyncio.wait_for(stage.fake.asked.wait(), 2)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        await asyncio.wait_for(stage.fake.cancelled.wait(), CANCEL_S)


async def is_cancelled_with_its_task_at_any_turn_of_the_loop(open_: Stages) -> None:
    async with open_() as stage:
        for turns in range(0, 60, 4):
            task = asyncio.create_task(stage.say(LONG))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
        said = await stage.say()
        assert said.error is None
        if stage.fake is not None:
            assert said.pcm.size == samples(TEXT)


async def speaks_for_several_at_once_each_in_order(open_: Stages) -> None:
    async with open_(each_s=0.001) as stage:
        texts = [f"This is number {n}, " + "speaking, " * n for n in range(8)]
        together = await asyncio.gather(*(stage.say(text) for text in texts))
        for text, said in zip(texts, together, strict=True):
            assert said.error is None
            assert dict(said.usages[0].amounts)["characters"] == len(text)
        sizes = [said.pcm.size for said in together]
        assert sizes == sorted(sizes)
        if stage.fake is not None:
            assert sizes == [samples(text) for text in texts]


async def refuses_a_speed_it_does_not_have(open_: Stages) -> None:
    async with open_() as stage:
        slowest, fastest = stage.subject.profile.slowest, stage.subject.profile.fastest
        for speed in (slowest - 0.01, fastest + 0.01, float("nan")):
            said = await stage.say(speed=speed)
            assert said.error is not None
            assert said.error.code == "refused"
            assert f"from {slowest:g} to {fastest:g}" in said.error.detail
        for speed in (slowest, fastest):
            assert (await stage.say("Yes.", speed=speed)).error is None
        if stage.fake is not None:
            assert [r.speed for r in stage.fake.requests] == [slowest, fastest]


async def says_nothing_where_there_is_nothing_to_say(open_: Stages) -> None:
    async with open_() as stage:
        for text in ("", "  ", "...", "?!", "—"):
            said = await stage.say(text)
            assert said.error is None
            assert said.pcm.size == 0
            assert [dict(usage.amounts)["seconds"] for usage in said.usages] == [0]
        if stage.fake is not None:
            assert not stage.fake.requests


async def speaks_no_more_when_it_is_closed(open_: Stages) -> None:
    async with open_(stall_at=2) as stage:
        speech = stage.speak(LONG)
        await anext(speech)
        await stage.tts.close()
        with pytest.raises(ProviderError) as caught:
            async for _ in speech:
                pass
        assert caught.value.code == "closed"
        assert (await stage.say()).error.code == "closed"


LAWS = (
    gives_audio_before_the_whole_is_made,
    gives_int16_mono,
    tells_words_in_order_within_the_audio,
    tells_one_usage_at_the_end,
    is_cancelled_by_closing_at_any_moment,
    is_cancelled_with_its_task_before_the_first_audio,
    is_cancelled_with_its_task_at_any_turn_of_the_loop,
    speaks_for_several_at_once_each_in_order,
    refuses_a_speed_it_does_not_have,
    says_nothing_where_there_is_nothing_to_say,
    speaks_no_more_when_it_is_closed,
)
