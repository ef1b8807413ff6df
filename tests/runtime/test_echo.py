"""The loudspeaker's side beside the microphone's: gaps are silence, late frames are late, and clocks agree."""

import numpy as np
import pytest

from vivavoce.audio.resample import resample
from vivavoce.runtime.echo import Echo

FRAME, WINDOW = 480, 512


def speech(seconds, seed=1):
    rng = np.random.default_rng(seed)
    sound = rng.normal(size=int(seconds * 24_000)) * 3_000
    # Syllables and pauses.
    loud = np.repeat(rng.random(int(seconds * 5) + 1) > 0.3, 4_800)[: sound.size]
    return (sound * loud).astype(np.int16)


def call(voice, delay_ms, late_ms=lambda frame: 0, leak=0.3, seconds=6, begins_ms=1_000):
    """(time ms, probability) of every window that is loud, in a call where `voice` is played and comes back."""
    echo, told = Echo(), []
    heard = np.zeros(seconds * 16_000)
    back = resample(voice, 24_000, 16_000) * leak
    at = (begins_ms + delay_ms) * 16
    heard[at : at + back.size] += back[: heard.size - at]
    heard += np.random.default_rng(5).normal(size=heard.size) * 8
    due, latest = [], 0
    for n in range(voice.size // FRAME):
        latest = max(latest, begins_ms + 20 * n + late_ms(n))
        due.append((latest, n))
    for start in range(0, heard.size - WINDOW, WINDOW):
        now = (start + WINDOW) // 16
        while due and due[0][0] <= now:
            _, n = due.pop(0)
            echo.played(begins_ms * 24 + n * FRAME, voice[n * FRAME : (n + 1) * FRAME])
        window = heard[start : start + WINDOW]
        p = echo.heard(now, window.astype(np.int16))
        if np.abs(window).max() > 500:
            told.append((now, p))
    return told


@pytest.mark.parametrize("delay_ms", [50, 150, 300])
def test_the_agents_voice_is_known_again(delay_ms):
    told = call(speech(4), delay_ms)
    early = [p for now, p in told if now < 1_700]
    late = [p for now, p in told if now > 2_500]
    assert early
    assert min(early) >= 0.3
    assert np.mean(np.array(late) >= 0.7) > 0.9


def test_frames_that_are_played_late_do_not_shift_the_rest():
    told = call(speech(4), 150, late_ms=lambda n: 35 if n % 7 == 0 else 0)
    late = [p for now, p in told if now > 2_500]
    assert np.mean(np.array(late) >= 0.7) > 0.9


def test_silence_between_replies_is_as_long_as_it_was():
    voice = np.concatenate((speech(1.5), np.zeros(24_000, dtype=np.int16), speech(2, seed=3)))
    told = call(voice, 150)
    after = [p for now, p in told if now > 4_000]
    assert np.mean(np.array(after) >= 0.7) > 0.9


def test_a_caller_without_loudspeakers_is_not_doubted_for_long():
    echo = Echo()
    voice, caller = speech(4), speech(2, seed=9)
    found = []
    for start in range(0, 5 * 16_000, WINDOW):
        now = (start + WINDOW) // 16
        n = (now - 500) // 20
        for frame in range(max(0, (now - 532) // 20), n):
            piece = voice[frame * FRAME : (frame + 1) * FRAME]
            if piece.size:
                echo.played(500 * 24 + frame * FRAME, piece)
        speaks = now > 3_000
        window = resample(caller, 24_000, 16_000)[:WINDOW] if speaks else np.zeros(WINDOW, dtype=np.int16)
        p = echo.heard(now, window)
        if speaks:
            found.append(p)
    assert max(found) == 0.0
