from __future__ import annotations

import numpy as np
import pytest

from vivavoce.providers.offline.channel import MEMORY, Channel


def speech(rate_limit: int) -> np.ndarray:
    """Noise up to a frequency, in a window of 512 samples at 16 kHz."""
    spectrum = np.fft.rfft(np.random.default_rng(5).normal(0.0, 2000.0, 512))
    spectrum[np.fft.rfftfreq(512, 1 / 16_000) > rate_limit] = 0
    return np.fft.irfft(spectrum, 512).astype(np.int16)


def decoder_after(before: np.ndarray, cepstra: np.ndarray) -> np.ndarray:
    """What the decoder's running mean becomes: it credits 500 frames to the mean it was given."""
    return (before * MEMORY + cepstra.sum(axis=0)) / (MEMORY + len(cepstra))


def test_a_stranger_gets_the_typical_mean() -> None:
    channel = Channel()
    assert channel.mean.shape == (13,)
    assert channel.mean[0] == 45
    assert channel.frames == 0


def test_a_telephone_is_told_by_its_band() -> None:
    wide, narrow = Channel(), Channel()
    for _ in range(10):
        wide.listen(speech(7000))
        narrow.listen(speech(3400))
    assert not wide.narrow
    assert narrow.narrow
    assert narrow.mean[3] > wide.mean[3] + 20


def test_what_was_heard_is_recovered_from_the_decoder() -> None:
    cepstra = np.random.default_rng(2).normal(20.0, 5.0, (200, 13))
    channel = Channel()
    given = channel.mean
    channel.learn(given, decoder_after(given, cepstra), len(cepstra))
    typical = Channel().mean
    typical[0] = cepstra[:, 0].mean()
    expected = (cepstra.sum(axis=0) + 20 * typical) / 220
    assert channel.mean == pytest.approx(expected)


def test_the_past_fades() -> None:
    channel = Channel()
    for level in (10.0, 30.0):
        for _ in range(20):
            given = channel.mean
            channel.learn(given, decoder_after(given, np.full((200, 13), level)), 200)
    assert channel.frames == 800
    assert channel.mean[1] == pytest.approx(30.0, abs=1.0)


def test_digital_silence_becomes_faint_noise() -> None:
    channel = Channel()
    parts = [channel.dither(np.zeros(3_000, np.int16)) for _ in range(8)]
    noise = np.concatenate(parts).astype(float)
    assert 1.5 < noise.std() < 2.5
    assert np.abs(noise).max() < 12
    assert not np.array_equal(parts[0], parts[1])


def test_loud_samples_do_not_wrap() -> None:
    edge = np.array([32767, -32768] * 500, np.int16)
    assert np.abs(Channel().dither(edge).astype(int) - edge).max() < 12
