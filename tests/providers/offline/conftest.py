"""Recorded people, conditions to spoil them with, and engines shared by the tests of a module."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import pytest

from vivavoce.audio.g711 import ulaw_decode, ulaw_encode
from vivavoce.audio.resample import resample
from vivavoce.audio.wav import load_mono
from vivavoce.providers.base import Pcm
from vivavoce.providers.offline.stt import PocketsphinxStt
from vivavoce.providers.offline.tts import EspeakTts
from vivavoce.providers.offline.vad import SileroVads

RATE = 16_000


@pytest.fixture(scope="session")
def human() -> dict[str, Pcm]:
    """Recorded people at 16 kHz, by file name."""
    folder = files("vivavoce.app") / "recordings"
    names = (
        "hello-world",
        "tt-weasels",
        "tt-somethingwrong",
        "privacy-prompt",
        "auth-thankyou",
        "conf-onlyperson",
        "conf-leaderhasleft",
    )
    return {name: load_mono((folder / f"{name}.wav").read_bytes(), RATE) for name in names}


@pytest.fixture(scope="session")
def vads() -> SileroVads:
    return SileroVads()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for a module, so that its tests can share a worker process."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def tts(runner: asyncio.Runner) -> Iterator[EspeakTts]:
    tts = EspeakTts()
    yield tts
    runner.run(tts.close())
    assert tts.outstanding == 0


@pytest.fixture(scope="module")
def stt(runner: asyncio.Runner) -> Iterator[PocketsphinxStt]:
    stt = PocketsphinxStt()
    yield stt
    runner.run(stt.close())
    assert stt.outstanding == 0


def silence(ms: int) -> Pcm:
    return np.zeros(RATE * ms // 1000, np.int16)


def mix_noise(pcm: Pcm, snr_db: float) -> Pcm:
    """White noise under it, by its mean power."""
    noise = np.random.default_rng(7).normal(0.0, 1.0, len(pcm))
    level = np.sqrt(np.mean(pcm.astype(np.float64) ** 2)) * 10 ** (-snr_db / 20)
    return np.clip(pcm + noise * level, -32768, 32767).astype(np.int16)


def telephone(pcm: Pcm) -> Pcm:
    """What a telephone line makes of it: 8 kHz, mu-law."""
    return resample(ulaw_decode(ulaw_encode(resample(pcm, RATE, 8_000))), 8_000, RATE)
