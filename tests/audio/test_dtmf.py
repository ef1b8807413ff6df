import wave
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.audio import g711
from vivavoce.audio.dtmf import DIGITS, HIGH, LOW, ROWS, Key, Keys, tones
from vivavoce.audio.pcm import AudioError, clip
from vivavoce.audio.resample import resample

RATES = (8_000, 11_025, 16_000, 24_000, 44_100, 48_000)


def keys_in(pcm, rate, chunk_ms=20):
    keys, chunk = Keys(rate), rate * chunk_ms // 1000
    return [key for at in range(0, pcm.size, chunk) for key in keys.push(pcm[at : at + chunk])]


def digits_in(pcm, rate=8_000):
    return "".join(key.digit for key in keys_in(pcm, rate))


def sines(ms, *parts, rate=8_000):
    """Sines of (Hz, amplitude)."""
    at = np.arange(rate * ms // 1000) / rate
    return sum(level * np.sin(2 * np.pi * hz * at + n) for n, (hz, level) in enumerate(parts))


def pair(digit, ms, low=3_000.0, high=3_000.0, off=0.0, rate=8_000):
    row = next(n for n, keys in enumerate(ROWS) if digit in keys)
    column = ROWS[row].index(digit)
    return sines(ms, (LOW[row] * (1 + off), low), (HIGH[column] * (1 + off), high), rate=rate)


def pause(ms, rate=8_000):
    return np.zeros(rate * ms // 1000)


def everywhere(sound, ms=57):
    """A sound at each millisecond of the time between two windows."""
    return [clip(np.concatenate((pause(ms + n), sound, pause(100)))) for n in range(10)]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("ms", [40, 100, 1_000])
def test_every_key_once_and_where_it_began(rate, ms):
    gap = pause(60, rate)
    pcm = np.concatenate([x for digit in DIGITS for x in (gap, tones(digit, rate * ms // 1000, rate))] + [gap])
    found = keys_in(clip(pcm), rate)
    assert "".join(key.digit for key in found) == DIGITS
    step = rate * 60 // 1000 + rate * ms // 1000
    late = [(key.start - gap.size - n * step) / rate for n, key in enumerate(found)]
    assert all(abs(seconds) <= 0.01 for seconds in late)


@given(st.lists(st.integers(1, 1_500), min_size=1, max_size=30), st.sampled_from(RATES))
def test_the_sizes_of_the_chunks_do_not_matter(sizes, rate):
    pcm = clip(np.concatenate((pause(33, rate), pair("7", 60, rate=rate), pause(50, rate), pair("7", 60, rate=rate))))
    keys, found, at = Keys(rate), [], 0
    for size in (*sizes, pcm.size):
        found += keys.push(pcm[at : at + size])
        at += size
    assert found == keys_in(pcm, rate, chunk_ms=10)
    assert [key.digit for key in found] == ["7", "7"]


def test_it_is_known_while_it_sounds():
    keys = Keys(8_000)
    assert keys.push(tones("5", 240, 8_000)) == [Key("5", 0)]


def test_how_long_it_sounds():
    keys = Keys(8_000)
    pcm = clip(np.concatenate((pause(100), pair("5", 100), pause(100))))
    sounding = []
    for at in range(0, pcm.size, 80):
        keys.push(pcm[at : at + 80])
        sounding.append(keys.sounding)
    # From 30 ms after its beginning to its end.
    assert [n * 10 for n, yes in enumerate(sounding) if yes] == list(range(120, 200, 10))


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("off", [-0.015, 0.015])
@pytest.mark.parametrize("twist", [-7, 7])
def test_what_lines_do_to_keys(digit, off, twist):
    sound = pair(digit, 40, 4_000 * 10 ** (min(twist, 0) / 20), 4_000 * 10 ** (min(-twist, 0) / 20), off)
    assert [digits_in(pcm) for pcm in everywhere(sound)] == [digit] * 10
    noisy = np.concatenate((pause(50), pair(digit, 50), pause(50)))
    noisy += np.random.default_rng(1).normal(0, 3_000 * 10 ** (-12 / 20), noisy.size)
    assert digits_in(clip(noisy)) == digit


@pytest.mark.parametrize("digit", DIGITS)
def test_what_is_no_key(digit):
    row = next(n for n, keys in enumerate(ROWS) if digit in keys)
    low, high = LOW[row], HIGH[ROWS[row].index(digit)]
    for sound in (
        pair(digit, 15),
        pair(digit, 200, off=0.03),
        pair(digit, 200, off=-0.03),
        pair(digit, 200, 3_000, 950),
        pair(digit, 200, 950, 3_000),
        pair(digit, 200, 200, 200),
        sines(200, (low, 6_000)),
        sines(200, (high, 6_000)),
        pair(digit, 200) + sines(200, (1_950, 3_000)),
    ):
        assert [digits_in(pcm) for pcm in everywhere(sound)] == [""] * 10


@pytest.mark.parametrize("digit", "15#")
def test_pauses_and_breaks(digit):
    def twice(gap):
        return everywhere(np.concatenate((pair(digit, 60), pause(gap), pair(digit, 60))))

    assert [digits_in(pcm) for pcm in twice(30)] == [digit * 2] * 10
    assert [digits_in(pcm) for pcm in twice(10)] == [digit] * 10
    rolled = np.concatenate((pair("1", 60), pair("2", 60), pair("1", 60)))
    assert [digits_in(pcm) for pcm in everywhere(rolled)] == ["121"] * 10


@pytest.mark.parametrize("law", ["u", "a"])
def test_telephone_lines(law):
    pcm = clip(np.concatenate([x for digit in DIGITS for x in (pair(digit, 50), pause(50))]))
    encode, decode = getattr(g711, f"{law}law_encode"), getattr(g711, f"{law}law_decode")
    assert digits_in(decode(encode(pcm))) == DIGITS


def test_an_offset_is_no_sound():
    assert digits_in(clip(np.concatenate((pause(100), pair("9", 60), pause(100))) + 9_000)) == "9"


TONES = {
    "dial": [(425, 6_000)],
    "dial, american": [(350, 5_000), (440, 5_000)],
    "ringback": [(440, 5_000), (480, 5_000)],
    "busy": [(480, 5_000), (620, 5_000)],
    "fax": [(1_100, 6_000)],
    "answering fax": [(2_100, 6_000)],
    "no such number": [(950, 6_000)],
    "hum": [(50, 5_000), (100, 2_500), (150, 1_200), (250, 600)],
    "bell": [(770, 5_000), (1_540, 4_000), (2_310, 2_000)],
    "between two keys": [(733, 5_000), (1_270, 5_000)],
    "major chord": [(698.5, 4_000), (880, 4_000), (1_046.5, 4_000), (1_318.5, 4_000)],
    "minor chord": [(440, 4_000), (523.3, 4_000), (659.3, 4_000)],
}


@pytest.mark.parametrize("name", TONES)
@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_tones_that_are_no_keys(name, rate):
    burst = np.concatenate((sines(237, *TONES[name], rate=rate), pause(96, rate)))
    assert keys_in(clip(np.tile(burst, 8)), rate) == []


def test_noise_and_music_are_no_keys():
    chance = np.random.default_rng(2)
    assert digits_in(clip(chance.normal(0, 6_000, 8_000 * 60))) == ""
    notes = 440 * 2 ** (np.arange(-24, 36) / 12)
    played = []
    for _ in range(600):
        chord = chance.choice(notes, chance.integers(1, 5))
        played.append(sines(200, *((hz * n, 5_000 / n / chord.size) for hz in chord for n in (1, 2, 3, 4))))
    assert digits_in(clip(np.concatenate(played))) == ""


def recordings():
    for path in (resources.files("vivavoce.app") / "recordings").iterdir():
        if path.name.endswith(".wav"):
            with path.open("rb") as file, wave.open(file) as sound:
                yield np.frombuffer(sound.readframes(sound.getnframes()), np.int16), sound.getframerate()


@pytest.mark.parametrize("pitch", [0.7, 0.85, 1.0, 1.2, 1.4])
def test_people_are_no_keys(pitch):
    seconds = 0.0
    for pcm, rate in recordings():
        for wanted in (8_000, 48_000):
            voice = resample(pcm, round(rate * pitch), wanted)
            seconds += voice.size / wanted
            assert keys_in(voice, wanted) == []
    assert seconds > 50


def test_a_key_is_heard_before_and_after_speech():
    for pcm, rate in recordings():
        speech = resample(pcm, rate, 16_000)
        key = clip(pair("#", 60, rate=16_000))
        assert digits_in(np.concatenate((key, speech, clip(pause(20, 16_000)), key)), 16_000) == "##"


def test_rates_too_low_for_them():
    with pytest.raises(AudioError, match="at least 8000"):
        Keys(7_999)
