"""What a Whisper model would be shown: the same numbers as its own feature extractor makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vivavoce.app.recording import RECORDINGS, load
from vivavoce.providers.local.mel import BANDS, HOP, RATE, log_mel

SAMPLES = 8 * RATE
REFERENCE = np.load(Path(__file__).with_name("mel_reference.npz"))
"""`frames`, and the features of tt-somethingwrong.wav in them, by the extractor that pipecat-ai 1.14.0 has for its
Smart Turn v3.2: `compute_whisper_log_mel_features` of the recording with zeros before it, 8 s in all."""


def test_the_reference_is_met() -> None:
    found = log_mel(load(RECORDINGS / "tt-somethingwrong.wav").pcm, SAMPLES)
    assert found.shape == (BANDS, SAMPLES // HOP)
    assert found.dtype == np.float32
    frames = REFERENCE["frames"]
    assert len(frames) > 40
    assert np.abs(found[:, frames] - REFERENCE["features"]).max() < 1e-4


def tone(hz: float, level: float = 8_000.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(SAMPLES) / RATE)).astype(np.int16)


@pytest.mark.parametrize(("hz", "band"), [(1_000, 26), (4_000, 62)])
def test_a_tone_is_in_its_band(hz: float, band: int) -> None:
    # Bands are 0.5577 mel apart; 1 kHz is 15 mel, and each 6.4-fold above it 27 more.
    assert abs(int(np.argmax(log_mel(tone(hz), SAMPLES)[:, 400])) - band) <= 1


def test_loudness_does_not_matter() -> None:
    loud, soft = log_mel(tone(500, 20_000), SAMPLES), log_mel(tone(500, 2_000), SAMPLES)
    audible = loud > loud.max() - 1.0
    assert np.abs(loud - soft)[audible].max() < 0.01


def test_only_the_end_counts_and_silence_comes_before_what_is_short() -> None:
    pcm = load(RECORDINGS / "hello-world.wav").pcm
    short = log_mel(pcm, SAMPLES)
    assert np.array_equal(short, log_mel(np.concatenate((np.zeros(SAMPLES, np.int16), pcm)), SAMPLES))
    assert short[:, : 800 - pcm.size // HOP - 3].max() < short.max() - 0.5


def test_silence_is_no_error() -> None:
    assert np.isfinite(log_mel(np.zeros(0, np.int16), SAMPLES)).all()
