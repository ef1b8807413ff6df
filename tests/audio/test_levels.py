import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.audio.g711 import ulaw_decode, ulaw_encode
from vivavoce.audio.levels import Activity, lead_silence, trail_silence
from vivavoce.audio.pcm import AudioError, clip
from vivavoce.audio.resample import resample

RATE = 16_000


def voice(seconds, level=3000.0):
    """Syllables of a buzz with formants, four a second, with a dip of some 25 dB between them; ends in mid-syllable."""
    t = np.arange(int(seconds * RATE)) / RATE
    buzz = sum(
        np.sin(2 * np.pi * 120 * k * t + k) * (1 / (1 + abs(k - 5)) + 1 / (1 + abs(k - 14))) for k in range(1, 25)
    )
    return level * buzz / np.std(buzz) * (0.05 + np.abs(np.sin(2 * np.pi * 2 * t + 0.7)))


def noise(seconds, level, seed=0):
    return np.random.default_rng(seed).normal(size=int(seconds * RATE)) * level


def silence(seconds):
    return np.zeros(int(seconds * RATE))


def over_the_phone(pcm):
    return resample(ulaw_decode(ulaw_encode(resample(pcm, RATE, 8000))), 8000, RATE)


def last_speech(pcm, window, meter=None):
    """(seconds of the last speech heard, share of all windows with speech)."""
    meter = meter or Activity()
    ends = [0]
    for at in range(0, pcm.size - window + 1, window):
        quiet = meter.push(pcm[at : at + window])
        assert quiet == window or quiet % 80 == 0
        if quiet < window:
            ends.append(at + window - quiet)
    return ends[-1] / RATE, (len(ends) - 1) / (pcm.size // window)


LINES = {
    "clean": (lambda pcm: pcm, 0.0, 3000.0),
    "quiet microphone": (lambda pcm: pcm, 2.0, 150.0),
    "noisy": (lambda pcm: pcm, 150.0, 3000.0),
    "phone": (over_the_phone, 0.0, 3000.0),
    "noisy phone": (over_the_phone, 150.0, 3000.0),
    "hum and offset": (
        lambda pcm: clip(pcm + 900 + 300 * np.sin(np.arange(pcm.size) * 2 * np.pi * 50 / RATE)),
        5.0,
        3000,
    ),
}


@pytest.mark.parametrize("window", [80, 160, 512])
@pytest.mark.parametrize("line", LINES)
def test_the_end_of_speech_is_found_within_20_ms(line, window):
    through, hiss, level = LINES[line]
    sound = np.concatenate([silence(1.0), voice(2.0, level), silence(2.0)])
    pcm = through(clip(sound + noise(5.0, hiss)))
    assert last_speech(pcm, window)[0] == pytest.approx(3.0, abs=0.02)


@pytest.mark.parametrize("line", LINES)
def test_speech_from_the_first_sample_is_heard_at_once(line):
    through, hiss, level = LINES[line]
    pcm = through(clip(voice(1.0, level) + noise(1.0, hiss)))
    meter = Activity()
    # Between two pulses of the voice a single block may be quiet.
    assert all(meter.push(pcm[i * 512 : i * 512 + 512]) <= 80 for i in range(3))


@pytest.mark.parametrize("spoken", range(100, 512, 31))
def test_a_pause_is_quiet_to_5_ms(spoken):
    meter, sound = Activity(), clip(voice(1.0))
    last_speech(sound, 512, meter)
    window = np.concatenate([sound[2000 : 2000 + spoken], np.zeros(512 - spoken, dtype=np.int16)])
    assert abs(meter.push(window) - (512 - spoken)) <= 80


def test_silence_and_steady_noise_are_quiet():
    assert last_speech(clip(silence(2.0)), 512) == (0, 0)
    assert last_speech(clip(noise(5.0, 30)), 512)[1] == 0
    end, _ = last_speech(clip(noise(6.0, 900)), 512)
    assert end < 0.35, "a loud background is known as such after 0.3 s"


def test_a_background_that_begins_is_the_new_floor_after_three_seconds():
    end, _ = last_speech(clip(np.concatenate([noise(3.0, 5), noise(6.0, 500, 1)])), 512)
    assert 3.0 < end < 6.0


def test_a_background_that_stops_lets_softer_speech_through_at_once():
    meter = Activity()
    last_speech(clip(noise(3.0, 900)), 512, meter)
    last_speech(clip(noise(0.3, 3, 1)), 512, meter)
    assert last_speech(clip(voice(0.2, 300)), 512, meter)[1] == 1.0


def test_after_a_loud_voice_its_echo_in_the_room_is_quiet():
    faint = voice(1.0, 3000 * 10 ** (-45 / 20))
    end, _ = last_speech(clip(np.concatenate([silence(0.5), voice(1.0), faint])), 512)
    assert end == pytest.approx(1.5, abs=0.06)


def test_a_soft_speaker_is_heard_some_seconds_after_a_loud_one():
    soft = voice(1.0, 30)
    pcm = clip(np.concatenate([voice(1.0, 8000), silence(6.0), soft]))
    assert last_speech(pcm, 512)[0] > 7.8


def test_levels_are_told():
    meter = Activity()
    last_speech(clip(noise(3.0, 100)), 512, meter)
    assert meter.floor_db == pytest.approx(20 * np.log10(100 / 32768), abs=3)
    assert meter.floor_db + 8 <= meter.speech_db <= meter.floor_db + 12


def test_a_window_too_short_to_judge_is_refused():
    with pytest.raises(AudioError, match="79 samples is too short to judge; use at least 80"):
        Activity().push(np.zeros(79, dtype=np.int16))


@given(st.integers(80, 600), st.integers(0, 20))
def test_any_window_size(window, seed):
    meter = Activity()
    for i in range(4):
        pcm = clip(noise(window / RATE + 1, 2000, seed + i))[:window]
        assert 0 <= meter.push(pcm) <= window


# -- silence at the edges ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 24_000, 44_100])
def test_edges_are_found_to_10_ms(rate):
    pcm = np.concatenate([np.full(rate // 5, 3), np.full(rate // 2, 4000), np.full(rate // 10, -3)]).astype(np.int16)
    block = rate // 100
    assert rate // 5 - block < lead_silence(pcm, rate) <= rate // 5
    assert rate // 10 - block < trail_silence(pcm, rate) <= rate // 10


def test_all_silence_is_lead_and_trail():
    for size in (0, 5, 1000):
        quiet = np.zeros(size, dtype=np.int16)
        assert lead_silence(quiet, RATE) == trail_silence(quiet, RATE) == size


def test_sound_in_the_last_scrap_is_found():
    pcm = np.zeros(165, dtype=np.int16)
    pcm[160:] = 5000
    assert lead_silence(pcm, RATE) == 160
    assert trail_silence(pcm, RATE) == 0


def test_the_threshold_can_be_moved():
    pcm = np.concatenate([np.full(1600, 33), np.full(1600, 3300)]).astype(np.int16)
    assert lead_silence(pcm, RATE) == 1600
    assert lead_silence(pcm, RATE, dbfs=-65.0) == 0
