from __future__ import annotations

import numpy as np
import pytest

from vivavoce.audio.pcm import rms_dbfs
from vivavoce.transports.webrtc.conceal import Concealer


def sine(rate, hertz, frames):
    size = rate // 50
    at = np.arange(size * frames)
    return (9_000 * np.sin(2 * np.pi * hertz * at / rate)).astype(np.int16).reshape(frames, size)


@pytest.mark.parametrize("rate", [8_000, 48_000])
@pytest.mark.parametrize("hertz", [80, 125, 220, 390])
def test_a_voiced_sound_goes_on(rate, hertz):
    sound = sine(rate, hertz, 6)
    concealer = Concealer(rate)
    for frame in sound[:4]:
        assert concealer.heard(frame) is frame
    made = concealer.lost(rate // 50)
    fading = sound[4] * np.linspace(1.0, 1.0 - 20 / 60, rate // 50)
    assert rms_dbfs((made - fading).astype(np.int16)) < rms_dbfs(sound[4]) - 6
    joined = np.concatenate((sound[3], made, concealer.heard(sound[5])))
    step = np.abs(np.diff(sound.reshape(-1).astype(int))).max()
    assert np.abs(np.diff(joined.astype(int))).max() < 4 * step


def test_a_long_loss_fades_into_silence():
    concealer = Concealer(48_000)
    for frame in sine(48_000, 200, 4):
        concealer.heard(frame)
    made = [concealer.lost(960) for _ in range(5)]
    levels = [rms_dbfs(frame) for frame in made]
    assert levels[0] > levels[1] > levels[2] > -60
    assert not made[3].any()
    assert not made[4].any()


def test_silence_and_nothing_at_all_stay_silent():
    concealer = Concealer(48_000)
    assert not concealer.lost(960).any()
    concealer.heard(np.zeros(960, np.int16))
    assert not concealer.lost(960).any()
