"""Whisper's ear with a stand-in for its library, and where faster-whisper is installed, with a tiny model."""

from __future__ import annotations

import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.providers.ears.sound import silence
from tests.providers.stt_contract import LAWS, Subject

from vivavoce.audio.wav import load_mono
from vivavoce.core.commands import Role
from vivavoce.providers.catalogue import choose, make_stt
from vivavoce.providers.local.stt import WhisperStt
from vivavoce.providers.local.whisper import Ear, Pace, placed

RATE = 16_000


class FakeWhisper:
    """Hears one word per 0.5 s."""

    def __init__(self, language: str = "de") -> None:
        self.language = language
        self.asked: list[dict[str, Any]] = []

    def transcribe(self, audio: np.ndarray, **settings: Any) -> tuple[Any, Any]:
        assert audio.dtype == np.float32
        assert np.abs(audio).max() <= 1.0
        self.asked.append({"samples": len(audio), **settings})
        words = [SimpleNamespace(word=f" w{n}", start=n / 2, end=n / 2 + 0.4) for n in range(len(audio) // (RATE // 2))]
        return iter([SimpleNamespace(words=words), SimpleNamespace(words=None)]), SimpleNamespace(
            language=self.language
        )


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def pcm(ms: int) -> np.ndarray:
    return np.full(RATE * ms // 1000, 3000, np.int16)


def ear(whisper: FakeWhisper, language: str | None = None, clock: Clock | None = None) -> Ear:
    ear = Ear(whisper, Pace(clock or Clock()), language)
    ear.begin()
    return ear


def texts(ear: Ear) -> list[str]:
    return [word.text for word in ear.words()]


def test_a_partial_needs_new_audio() -> None:
    whisper = FakeWhisper()
    one = ear(whisper)
    for _ in range(50):
        one.hear(pcm(20))
        one.words()
    assert [asked["samples"] for asked in whisper.asked] == [6400, 12800]
    assert texts(one) == ["w0"]


def test_the_end_hears_all_of_it_more_carefully() -> None:
    whisper = FakeWhisper()
    one = ear(whisper)
    one.hear(pcm(1000))
    one.words()
    one.hear(pcm(500))
    one.end()
    assert texts(one) == ["w0", "w1", "w2"]
    assert [asked["beam_size"] for asked in whisper.asked] == [1, 5]
    one.begin()
    assert one.samples == 0
    assert texts(one) == []


def test_partials_leave_half_of_the_time_to_others() -> None:
    clock, whisper = Clock(), FakeWhisper()
    one = ear(whisper, clock=clock)
    other = Ear(whisper, one._pace, None)
    other.begin()
    original = whisper.transcribe

    def slow(audio: Any, **settings: Any) -> Any:
        clock.now += 2.0
        return original(audio, **settings)

    whisper.transcribe = slow  # type: ignore[method-assign]
    for each in (one, other):
        each.hear(pcm(1000))
        each.words()
    assert len(whisper.asked) == 1
    clock.now += 1.9
    other.words()
    assert len(whisper.asked) == 1
    clock.now += 0.2
    other.words()
    assert len(whisper.asked) == 2
    one.end()
    assert len(whisper.asked) == 3


def test_a_language_is_told_once_per_utterance() -> None:
    whisper = FakeWhisper()
    one = ear(whisper)
    for _ in range(5):
        one.hear(pcm(1000))
        one.words()
    assert [asked["language"] for asked in whisper.asked] == [None, None, "de", "de", "de"]
    one.begin()
    one.hear(pcm(500))
    one.end()
    assert whisper.asked[-1]["language"] is None


def test_a_model_of_one_language_keeps_to_it() -> None:
    whisper = FakeWhisper()
    one = ear(whisper, "en")
    one.hear(pcm(3000))
    one.words()
    one.end()
    assert {asked["language"] for asked in whisper.asked} == {"en"}


def test_words_are_in_order_within_the_audio() -> None:
    said = [(" a", 0.5, 0.4), (" b", 0.2, 0.9), (" ", 0.9, 1.0), (" c d", 5.0, 6.0)]
    words = list(placed((SimpleNamespace(word=w, start=s, end=e) for w, s, e in said), 2 * RATE))
    assert [(word.text, word.start, word.end) for word in words] == [
        ("a", 8000, 8000),
        ("b", 8000, 14_400),
        ("cd", 32_000, 32_000),
    ]


# with the library


@cache
def recorded(name: str) -> np.ndarray:
    return load_mono((files("vivavoce.app") / "recordings" / f"{name}.wav").read_bytes(), RATE)


def subject() -> Subject:
    from tests.providers.local.tiny import HEARD

    return Subject(
        "whisper",
        lambda _: WhisperStt("base.en"),
        choose(Role.STT, "whisper:base.en").row.profile,
        (recorded("tt-weasels"), HEARD),
        (recorded("auth-thankyou"), HEARD),
    )


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for module in ("faster_whisper", "onnx"):
        pytest.importorskip(module)
    from tests.providers.local.tiny_whisper import whisper

    folder = tmp_path_factory.mktemp("models")
    whisper(folder / "whisper" / "base.en")
    return folder


@pytest.fixture
def tiny_whisper(written: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIVAVOCE_MODELS", str(written))
    return written


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
async def test_law(law: Any, tiny_whisper: Path) -> None:
    await law(subject())


async def test_it_is_made_by_its_name(tiny_whisper: Path) -> None:
    stt = make_stt("whisper:base.en", os.environ)
    assert stt.model == "whisper:base.en"
    await stt.close()


async def test_it_hears_what_is_left_of_a_call_that_was_silent(tiny_whisper: Path) -> None:
    async with subject().open() as caller:
        await caller.say(silence(2000))
        assert (await caller.finish()).text == ""
        assert (await caller.hear(recorded("auth-thankyou"))).text == subject().first[1]
