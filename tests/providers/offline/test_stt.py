from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from vivavoce.core.commands import Role
from vivavoce.core.events import Event, ProviderFailed, Used, UserWords
from vivavoce.providers.base import Pcm, ProviderError
from vivavoce.providers.offline import calls as calls_module
from vivavoce.providers.offline import stt as stt_module
from vivavoce.providers.offline.calls import WorkerCall
from vivavoce.providers.offline.stt import PocketsphinxStt

from .conftest import RATE, mix_noise, silence, telephone

pytestmark = pytest.mark.offline

EXPECT = (
    "Weasels have eaten our phone system.",
    "You are currently the only person in this conference.",
    "Please enter your phone number, starting with the area code.",
)
WEASELS = "weasels have eaten our phone system"


class Caller:
    """Feeds a call in 20 ms frames, never more than a second ahead of the recogniser, and collects what it posts."""

    def __init__(self, stt: PocketsphinxStt, at: int = 0) -> None:
        self.stt = stt
        self.at = at
        self.events: list[Event] = []
        self.news = asyncio.Event()
        self.call: WorkerCall

    async def open(self, *expect: str) -> Caller:
        self.call = await self.stt.open(self.post, expect)
        return self

    def post(self, event: Event) -> None:
        self.events.append(event)
        self.news.set()

    @property
    def words(self) -> list[UserWords]:
        return [event for event in self.events if isinstance(event, UserWords)]

    @property
    def finals(self) -> list[UserWords]:
        return [words for words in self.words if words.final]

    @property
    def failures(self) -> list[ProviderFailed]:
        return [event for event in self.events if isinstance(event, ProviderFailed)]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                self.news.clear()
                await self.news.wait()

    async def say(self, pcm: Pcm) -> None:
        for at in range(0, len(pcm), 320):
            self.call.feed(self.at, pcm[at : at + 320])
            self.at += len(pcm[at : at + 320])
            while self.call._unanswered > RATE:  # noqa: ASYNC110 - only changed words are told, not progress
                await asyncio.sleep(0.002)

    async def finish(self, upto: int | None = None) -> UserWords:
        before = len(self.finals)
        self.call.finish(self.at if upto is None else upto)
        await self.until(lambda: len(self.finals) > before)
        return self.finals[-1]

    async def hear(self, pcm: Pcm) -> UserWords:
        await self.say(pcm)
        return await self.finish()


@pytest.fixture
def run(runner: asyncio.Runner) -> Any:
    async def limited(work: Awaitable[Any]) -> Any:
        async with asyncio.timeout(60):
            return await work

    return lambda work: runner.run(limited(work))


def padded(pcm: Pcm) -> Pcm:
    """With the silence around it that a call has."""
    return np.concatenate([silence(300), pcm, silence(400)])


def sounding(pcm: Pcm) -> tuple[int, int]:
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > np.abs(pcm.astype(np.int32)).max() / 30)
    return int(loud[0]), int(loud[-1]) + 1


def errors(said: str, heard: str) -> int:
    """Word edit distance."""
    row = list(range(len(heard.split()) + 1))
    for i, a in enumerate(said.split(), 1):
        corner, row[0] = row[0], i
        for j, b in enumerate(heard.split(), 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (a != b))
    return row[-1]


def test_expected_speech_with_partials_and_times(run: Any, stt: PocketsphinxStt, human: dict[str, Pcm]) -> None:
    async def main() -> None:
        caller = await Caller(stt, at=160_000).open(*EXPECT)
        audio = padded(human["tt-weasels"])
        final = await caller.hear(audio)
        assert final.text == WEASELS
        begin, end = sounding(audio)
        assert abs(final.start - 160_000 - begin) < 0.25 * RATE
        assert -0.02 * RATE < final.end - 160_000 - end < 0.35 * RATE
        partials = [words for words in caller.words if not words.final]
        texts = [words.text for words in partials]
        assert len(texts) >= 4
        assert all(texts)
        assert all(one != next for one, next in itertools.pairwise(texts))
        assert {words.segment for words in caller.words} == {0}
        assert all(160_000 <= words.start < words.end <= caller.at for words in partials)
        assert partials[0].end - 160_000 < begin + 1.2 * RATE
        used = [event for event in caller.events if isinstance(event, Used)]
        assert [event.usage.role for event in used] == [Role.STT]
        assert dict(used[0].usage.amounts)["seconds"] == pytest.approx(len(audio) / RATE)
        await caller.call.close()

    run(main())


def test_unexpected_speech_goes_by_the_open_vocabulary(run: Any, stt: PocketsphinxStt, human: dict[str, Pcm]) -> None:
    async def main() -> None:
        caller = await Caller(stt).open("I would like a large pizza with mushrooms.")
        for name, said in (
            ("conf-onlyperson", "you are currently the only person in this conference"),
            ("conf-leaderhasleft", "the leader has left the conference"),
        ):
            heard = await caller.hear(padded(human[name]))
            assert errors(said, heard.text) <= 2, heard.text
        await caller.call.close()

    run(main())


def test_everyday_phrases_are_expected_without_asking(run: Any, stt: PocketsphinxStt, human: dict[str, Pcm]) -> None:
    async def main() -> None:
        caller = await Caller(stt).open()
        assert (await caller.hear(padded(human["auth-thankyou"]))).text == "thank you"
        await caller.call.close()

    run(main())


@pytest.mark.parametrize("spoil", [telephone, lambda pcm: mix_noise(pcm, 20.0)], ids=["phone", "noise"])
def test_expected_speech_survives_phone_and_noise(
    run: Any, stt: PocketsphinxStt, human: dict[str, Pcm], spoil: Callable[[Pcm], Pcm]
) -> None:
    async def main() -> int:
        caller = await Caller(stt).open(*EXPECT)
        wrong = 0
        for name, said in zip(("tt-weasels", "conf-onlyperson", "privacy-prompt"), EXPECT, strict=True):
            heard = await caller.hear(spoil(padded(human[name])))
            wrong += errors(said.lower().replace(",", "").rstrip("."), heard.text)
        await caller.call.close()
        return wrong

    assert run(main()) <= 6, "of 25 words"


def test_nothing_said_is_an_empty_final(run: Any, stt: PocketsphinxStt) -> None:
    async def main() -> None:
        caller = await Caller(stt).open()
        hum = (900 * np.sin(2 * np.pi * 100 * np.arange(RATE * 2) / RATE)).astype(np.int16)
        for pcm in (silence(1000), mix_noise(hum, 6.0)):
            final = await caller.hear(pcm)
            assert (final.text, final.end) == ("", caller.at)
        assert [words.segment for words in caller.words] == [0, 1]
        await caller.call.close()

    run(main())


def test_finishing_early_leaves_the_rest_to_the_next_segment(
    run: Any, stt: PocketsphinxStt, human: dict[str, Pcm]
) -> None:
    async def main() -> None:
        caller = await Caller(stt).open(*EXPECT)
        weasels = padded(human["tt-weasels"])
        await caller.say(weasels)
        turn_end = caller.at
        await caller.say(padded(human["auth-thankyou"])[:RATE])
        first = await caller.finish(turn_end)
        second = await caller.hear(padded(human["auth-thankyou"])[RATE:])
        assert (first.text, first.segment) == (WEASELS, 0)
        assert (second.text, second.segment) == ("thank you", 1)
        assert first.end <= turn_end <= second.start
        await caller.call.close()

    run(main())


def test_lost_and_repeated_audio_keep_positions_true(run: Any, stt: PocketsphinxStt, human: dict[str, Pcm]) -> None:
    async def main() -> None:
        caller = await Caller(stt).open(*EXPECT)
        await caller.say(silence(500))
        caller.at += 5 * RATE
        audio = padded(human["tt-weasels"])
        begun = caller.at
        half = len(audio) // 2 // 320 * 320
        await caller.say(audio[:half])
        caller.call.feed(begun, audio[:320])
        final = await caller.hear(audio[half:])
        assert final.text == WEASELS
        assert abs(final.start - begun - sounding(audio)[0]) < 0.25 * RATE
        assert abs(final.end - begun - sounding(audio)[1]) < 0.35 * RATE
        await caller.call.close()

    run(main())


def test_words_that_no_dictionary_has(run: Any, stt: PocketsphinxStt, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        with caplog.at_level("INFO"):
            caller = await Caller(stt).open("Call Zorbatron Vivavoce now, it's 你好 42!")
        await caller.call.close()

    run(main())
    assert "pronunciation guessed for vivavoce, zorbatron" in caplog.text


def test_calls_in_one_process_do_not_mix(run: Any, stt: PocketsphinxStt, human: dict[str, Pcm]) -> None:
    async def main() -> None:
        one, other = await Caller(stt).open(*EXPECT), await Caller(stt).open(*EXPECT)
        await asyncio.gather(one.say(padded(human["tt-weasels"])), other.say(padded(human["conf-onlyperson"])))
        first, second = await asyncio.gather(one.finish(), other.finish())
        assert first.text == WEASELS
        assert errors("you are currently the only person in this conference", second.text) <= 1
        await one.call.close()
        await other.call.close()

    run(main())


def test_more_calls_than_a_process_takes_get_another(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stt_module, "CALLS", 1)

    async def main() -> None:
        stt = PocketsphinxStt()
        first = await Caller(stt).open()
        second = await Caller(stt).open()
        assert len(stt._hosts) == 2
        assert (await second.finish()).text == ""
        await second.call.close()
        assert len(stt._hosts) == 1
        assert (await first.finish()).text == ""
        await first.call.close()
        await stt.close()
        assert stt.outstanding == 0

    run(main())


def test_death_in_the_middle_is_reported_and_no_word_is_lost(run: Any, human: dict[str, Pcm]) -> None:
    async def main() -> None:
        busy: list[int] = []
        stt = PocketsphinxStt(busy.append)
        caller = await Caller(stt).open(*EXPECT)
        await caller.hear(padded(human["auth-thankyou"]))
        audio = padded(human["tt-weasels"])
        await caller.say(audio[: len(audio) // 2])
        pid = stt._hosts[0].worker.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        await caller.until(lambda: bool(caller.failures))
        final = await caller.hear(audio[len(audio) // 2 // 320 * 320 :])
        assert [(failed.role, failed.code) for failed in caller.failures] == [(Role.STT, "died")]
        assert (final.text, final.segment) == (WEASELS, 1)
        await caller.call.close()
        await stt.close()
        assert sum(busy) == stt.outstanding == 0

    run(main())


def test_a_hang_is_a_timeout_and_the_owed_final_still_comes(run: Any, human: dict[str, Pcm]) -> None:
    async def main() -> None:
        stt = PocketsphinxStt()
        caller = await Caller(stt).open(*EXPECT)
        await caller.say(padded(human["tt-weasels"]))
        await caller.until(lambda: caller.call._unanswered == 0 or bool(caller.words))
        worker = stt._hosts[0].worker
        assert worker.pid
        os.kill(worker.pid, signal.SIGSTOP)
        worker._silence_s = 0.5
        caller.call.finish(caller.at)
        await caller.until(lambda: bool(caller.failures))
        worker._silence_s = 20.0
        await caller.until(lambda: bool(caller.finals))
        final = caller.finals[0]
        assert [failed.code for failed in caller.failures] == ["timeout"]
        assert final.text == WEASELS
        await caller.call.close()
        await stt.close()

    run(main())


def test_a_recogniser_that_cannot_start_says_so(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        stt = PocketsphinxStt()
        caller = await Caller(stt).open()
        worker = stt._hosts[0].worker
        worker._module = "vivavoce.providers.offline.no_such_worker"
        assert worker.pid
        os.kill(worker.pid, signal.SIGKILL)
        caller.call.feed(0, silence(20))
        await caller.until(lambda: len(caller.failures) >= 2)
        assert {failed.code for failed in caller.failures} == {"died"}
        await caller.call.close()
        await stt.close()
        assert stt.outstanding == 0

    run(main())


def test_falling_behind_is_reported_once(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "_BEHIND", 20 * 320)

    async def main() -> None:
        stt = PocketsphinxStt()
        caller = await Caller(stt).open()
        for at in range(0, 100 * 320, 320):
            caller.call.feed(at, silence(20))
        assert [failed.code for failed in caller.failures] == ["overflow"]
        caller.at = 100 * 320
        final = await caller.finish()
        assert final.text == ""
        await caller.call.close()
        await stt.close()

    run(main())


def test_a_whole_recording_at_once(run: Any, stt: PocketsphinxStt, human: dict[str, Pcm]) -> None:
    async def main() -> None:
        caller = await Caller(stt).open(*EXPECT)
        audio = padded(human["tt-weasels"])
        caller.call.feed(0, audio)
        caller.at = len(audio)
        assert (await caller.finish()).text == WEASELS
        await caller.call.close()

    run(main())


def test_closing_in_every_state(run: Any) -> None:
    async def main() -> None:
        await PocketsphinxStt().close()

        stt = PocketsphinxStt()
        opening = asyncio.ensure_future(stt.open(lambda event: None))
        await asyncio.sleep(0)
        await stt.close()
        with pytest.raises(ProviderError) as caught:
            await opening
        assert caught.value.code == "closed"

        stt = PocketsphinxStt()
        caller = await Caller(stt).open()
        caller.call.feed(0, silence(500))
        caller.call.finish(8000)
        await caller.call.close()
        await caller.call.close()
        caller.call.feed(8000, silence(20))
        caller.call.finish(9000)
        await stt.close()
        assert (caller.events, stt.outstanding) == ([], 0)
        with pytest.raises(ProviderError):
            await stt.open(caller.post)

    run(main())


@pytest.mark.parametrize("pcm", [np.zeros(320, np.float32), np.zeros((2, 160), np.int16)])
def test_only_rows_of_int16(run: Any, stt: PocketsphinxStt, pcm: np.ndarray) -> None:
    async def main() -> None:
        caller = await Caller(stt).open()
        with pytest.raises(ValueError, match="one row of int16"):
            caller.call.feed(0, pcm)
        await caller.call.close()

    run(main())
