from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.commands import Role, Usage
from vivavoce.core.events import WordEnd
from vivavoce.providers.base import ProviderError, Speech
from vivavoce.providers.offline import tts as tts_module
from vivavoce.providers.offline.tts import EspeakTts, cut, plain
from vivavoce.providers.offline.voices import VOICES

pytestmark = pytest.mark.offline

T = TypeVar("T")
SENTENCE = "Well, the quick brown fox jumps over the lazy dog. Doesn't it?"
LONG = "This sentence, which is not short, comes again and again. " * 60


class Spoken:
    def __init__(self, parts: list[Speech | Usage]) -> None:
        self.parts = [part for part in parts if isinstance(part, Speech)]
        self.usages = [part for part in parts if isinstance(part, Usage)]
        self.pcm = np.concatenate([np.zeros(0, np.int16), *(part.pcm for part in self.parts)])
        self.words = [word for part in self.parts for word in part.words]


@pytest.fixture
def run(runner: asyncio.Runner) -> Any:
    async def limited(work: Coroutine[Any, Any, T]) -> T:
        async with asyncio.timeout(20):
            return await work

    return lambda work: runner.run(limited(work))


async def speak(tts: EspeakTts, text: str, voice: str = "emma", speed: float = 1.0) -> Spoken:
    return Spoken([part async for part in tts.speak(text, voice, speed)])


def audible(pcm: np.ndarray) -> tuple[int, int]:
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 160)
    return int(loud[0]), int(loud[-1]) + 1


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        "Hello",
        "  Padded by blanks.  ",
        "It costs $1,234.50 at 3.5 km/h, i.e. 25% of A.B.C. - well-known (yes!).",
        "Ünïcode — “quoted”, naïve café; 你好 😀 done.",
        "One. Two! Three? ... ",
        LONG,
    ],
)
def test_words_end_in_order_within_the_audio(run: Any, tts: EspeakTts, text: str) -> None:
    spoken = run(speak(tts, text))
    chars = [word.chars for word in spoken.words]
    samples = [word.samples for word in spoken.words]
    assert chars == sorted(set(chars))
    assert samples == sorted(samples)
    assert samples[0] > 0
    assert chars[-1] == len(text)
    # The last 2 ms are faded out, so the very end may fall below what counts as audible.
    assert 0 <= samples[-1] - audible(spoken.pcm)[1] <= 220
    boundaries = {end for end in range(len(text) + 1) if end == len(text) or text[end].isspace()}
    assert set(chars) <= boundaries
    assert spoken.usages == [
        Usage(Role.TTS, "offline:espeak", (("characters", len(text)), ("seconds", len(spoken.pcm) / tts.rate)))
    ]


def test_a_word_is_told_before_its_end_is_played(run: Any, tts: EspeakTts) -> None:
    spoken, told = run(speak(tts, SENTENCE)), 0
    for part in spoken.parts:
        assert all(word.samples > told for word in part.words)
        told += len(part.pcm)


def test_word_ends_fall_where_the_sound_says(run: Any, tts: EspeakTts) -> None:
    text = "Stop. Go."
    spoken = run(speak(tts, text))
    first, last = spoken.words
    assert (first.chars, last.chars) == (5, 9)
    pause = spoken.pcm[first.samples : first.samples + tts.rate // 10]
    assert np.abs(pause.astype(np.int32)).max() <= 160
    assert spoken.pcm[first.samples - 1] != 0


@pytest.mark.parametrize("text", ["", " ", "\n", "...", "?!", "—", '" "', "\x01\x02\x00", "\ue000"])
def test_nothing_to_say_gives_no_audio(run: Any, tts: EspeakTts, text: str) -> None:
    spoken = run(speak(tts, text))
    assert (len(spoken.pcm), spoken.words) == (0, [])
    assert dict(spoken.usages[0].amounts) == {"characters": len(text), "seconds": 0}


def test_markup_is_spoken_and_never_obeyed(run: Any, tts: EspeakTts) -> None:
    async def lengths(*texts: str) -> list[float]:
        return [len((await speak(tts, text)).pcm) / tts.rate for text in texts]

    ssml, bare, phonemes, commands, plainly = run(
        lengths(
            'Hello <break time="9s"/> <voice name="fr"> you',
            "Hello you",
            "Hello [[h@'loU]] you",
            "Hello \x0150S\x0199A you",
            "Hello  50S 99A you",
        )
    )
    assert bare + 1.5 < ssml < 9
    assert phonemes > bare + 0.5
    assert commands == pytest.approx(plainly, abs=0.05)


def test_a_natural_pause_follows_the_last_word(run: Any, tts: EspeakTts) -> None:
    async def pauses() -> list[int]:
        spoken = [await speak(tts, text) for text in ("Yes.", "Yes,", "Yes")]
        return [1000 * (len(s.pcm) - s.words[-1].samples) // tts.rate for s in spoken]

    full, comma, none = run(pauses())
    assert 190 <= full <= 260 > comma >= 55 > none


def test_voices_are_different_people(run: Any, tts: EspeakTts) -> None:
    assert tts.voices == tuple(voice.name for voice in VOICES)
    assert len(tts.voices) >= 6
    text = "Hello, I am here to help you with whatever you need today."

    async def everybody() -> dict[str, np.ndarray]:
        return {name: (await speak(tts, text, name)).pcm for name in tts.voices}

    pcm = run(everybody())
    pitch = {name: pitch_of(audio) for name, audio in pcm.items()}
    for voice in VOICES:
        assert (pitch[voice.name] > 150) == voice.female, pitch
    spectra = {name: spectrum(audio) for name, audio in pcm.items()}
    names = sorted(pcm)
    for one in names:
        for other in names[names.index(one) + 1 :]:
            assert spectra[one] @ spectra[other] < 0.985, (one, other)
    levels = [float(np.sqrt(np.mean(audio.astype(np.float64) ** 2))) for audio in pcm.values()]
    assert max(levels) / min(levels) < 1.6
    assert all(np.abs(audio.astype(np.int32)).max() < 32_000 for audio in pcm.values())


def pitch_of(pcm: np.ndarray) -> float:
    """Median fundamental frequency by autocorrelation."""
    found = []
    for at in range(0, len(pcm) - 1024, 1024):
        frame = pcm[at : at + 1024].astype(np.float64)
        if np.mean(frame**2) < 1e5:
            continue
        correlation = np.correlate(frame, frame, "full")[1023:]
        lag = 22050 // 400 + int(np.argmax(correlation[22050 // 400 : 22050 // 60]))
        found.append(22050 / lag)
    return float(np.median(found))


def spectrum(pcm: np.ndarray) -> np.ndarray:
    """Long-term spectrum in dB, as a unit vector around its mean."""
    frames = pcm[: len(pcm) // 512 * 512].reshape(-1, 512)
    power = 10 * np.log10(np.mean(np.abs(np.fft.rfft(frames * np.hanning(512))) ** 2, axis=0) + 1)
    power -= power.mean()
    return power / np.linalg.norm(power)


def test_speed(run: Any, tts: EspeakTts) -> None:
    async def lasts(speed: float) -> int:
        return (await speak(tts, SENTENCE, speed=speed)).words[-1].samples

    slow, normal, fast = (run(lasts(speed)) for speed in (0.5, 1.0, 2.0))
    assert 1.6 < slow / normal < 2.4
    assert 1.6 < normal / fast < 2.4


@pytest.mark.parametrize(("voice", "speed"), [("nobody", 1.0), ("emma", 0.4), ("emma", 2.1), ("emma", float("nan"))])
def test_refusals_say_what_there_is(run: Any, tts: EspeakTts, voice: str, speed: float) -> None:
    with pytest.raises(ProviderError) as caught:
        run(speak(tts, "Hello.", voice, speed))
    assert caught.value.code == "refused"
    assert ("emma, george" if voice == "nobody" else "from 0.5 to 2") in caught.value.detail


def test_a_missing_accent_gets_a_stand_in_and_a_missing_language_is_refused(
    run: Any, tts: EspeakTts, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = replace(VOICES[0], name="lost", accent="gmw/nowhere")
    stranger = replace(VOICES[0], name="stranger", accent="gmw/nowhere", language="xx-none")
    ghost = replace(VOICES[0], name="ghost", variant="nobody")
    monkeypatch.setattr(tts_module, "VOICES", (*VOICES, stand_in, stranger, ghost))
    for name in ("lost", "ghost"):
        assert len(run(speak(tts, "Hello.", name)).pcm) > 1000
    with pytest.raises(ProviderError) as caught:
        run(speak(tts, "Hello.", "stranger"))
    assert caught.value.code == "refused"
    assert len(run(speak(tts, "Hello.", "emma")).pcm) > 1000


def test_cancelling_frees_the_voice_at_once(run: Any, tts: EspeakTts) -> None:
    async def cancel() -> float:
        loop = asyncio.get_running_loop()
        await tts.start()
        async with aclosing(tts.speak(LONG, "george")) as speech:
            await anext(speech)
        cancelled = loop.time()
        spoken = await speak(tts, "Next.")
        took = loop.time() - cancelled
        assert len(spoken.pcm) > 1000
        assert tts.outstanding == 0
        return took

    assert min(run(cancel()) for _ in range(3)) < 0.05


def test_twenty_at_once_each_get_their_own(run: Any, tts: EspeakTts) -> None:
    texts = [f"This is number {n}, speaking." for n in range(20)]

    async def together() -> list[Spoken]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(speak(tts, t, tts.voices[n % 8])) for n, t in enumerate(texts)]
        return [task.result() for task in tasks]

    async def one_by_one() -> list[Spoken]:
        return [await speak(tts, text, tts.voices[n % 8]) for n, text in enumerate(texts)]

    for a, b, text in zip(run(together()), run(one_by_one()), texts, strict=True):
        assert abs(len(a.pcm) - len(b.pcm)) < 2500
        assert [word.chars for word in a.words] == [word.chars for word in b.words]
        assert a.words[-1].chars == len(text)


def test_a_long_text_does_not_hold_up_a_short_one(run: Any, tts: EspeakTts) -> None:
    async def race() -> list[str]:
        order: list[str] = []

        async def say(name: str, text: str) -> None:
            await speak(tts, text)
            order.append(name)

        async with asyncio.TaskGroup() as group:
            group.create_task(say("long", LONG))
            group.create_task(say("short", "I am short."))
        return order

    assert run(race()) == ["short", "long"]


def test_death_in_the_middle_is_an_error_and_the_next_works(run: Any) -> None:
    async def main() -> str:
        tts = EspeakTts()
        await tts.start()
        speech = tts.speak(LONG, "jack")
        await anext(speech)
        assert tts._worker.pid
        os.kill(tts._worker.pid, signal.SIGKILL)
        with pytest.raises(ProviderError) as caught:
            async for _ in speech:
                pass
        assert len((await speak(tts, "Back again.")).pcm) > 1000
        await tts.close()
        assert tts.outstanding == 0
        return caught.value.code

    assert run(main()) == "died"


def test_a_hang_is_a_timeout_and_the_next_works(run: Any) -> None:
    async def main() -> str:
        tts = EspeakTts()
        await tts.start()
        tts._worker._silence_s = 0.4
        assert tts._worker.pid
        os.kill(tts._worker.pid, signal.SIGSTOP)
        with pytest.raises(ProviderError) as caught:
            await speak(tts, "Anybody?")
        assert len((await speak(tts, "Back again.")).pcm) > 1000
        await tts.close()
        return caught.value.code

    assert run(main()) == "timeout"


def test_closing_ends_speech_and_refuses_more(run: Any) -> None:
    async def main() -> None:
        tts = EspeakTts()
        speech = tts.speak(LONG, "amy")
        await anext(speech)
        await tts.close()
        with pytest.raises(ProviderError) as caught:
            async for _ in speech:
                pass
        assert caught.value.code == "closed"
        with pytest.raises(ProviderError):
            await speak(tts, "More?")
        await EspeakTts().close()

    run(main())


@given(st.text("abc .,!?\n-", max_size=3000))
def test_pieces_are_the_text(text: str) -> None:
    pieces = list(cut(text))
    assert "".join(pieces).rstrip() == text.rstrip()
    assert text.startswith("".join(pieces))
    assert all(len(piece) <= 400 for piece in pieces)


def test_pieces_are_cut_where_it_is_not_heard() -> None:
    pieces = list(cut(LONG))
    assert all(piece.endswith("again. ") for piece in pieces)
    assert all(200 <= len(piece) <= 260 for piece in pieces[:-1])
    clauses = list(cut("word word word, " * 60))
    assert all(piece.endswith(", ") for piece in clauses)
    assert [len(piece) for piece in cut("x" * 900)] == [400, 400, 100]


@given(st.text(max_size=60))
def test_plain_text_keeps_its_length_and_loses_commands(text: str) -> None:
    bare = plain(text)
    assert len(bare) == len(text)
    assert "\x01" not in bare
    bare.encode()


def test_events_are_word_ends(run: Any, tts: EspeakTts) -> None:
    assert all(isinstance(word, WordEnd) for word in run(speak(tts, "Hello there.")).words)
