import numpy as np
import pytest

from vivavoce.audio.echo import UNKNOWN, EchoMeter
from vivavoce.audio.g711 import ulaw_decode, ulaw_encode
from vivavoce.audio.pcm import clip
from vivavoce.audio.resample import resample

RATE = 16_000
WINDOW = 512


def voice(seconds, seed, level=2500.0):
    """Babble of one speaker: syllables of a gliding buzz or of noise, some 5 a second, with pauses."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * RATE))
    at = 0
    while at < out.size:
        n = int(rng.uniform(0.1, 0.3) * RATE)
        if rng.random() < 0.8:
            pitch = np.cumsum(np.linspace(*rng.uniform(90, 260, 2), n)) / RATE
            formants = rng.uniform(300, 3300, 3)
            parts = [
                np.sin(2 * np.pi * k * pitch) / (1 + np.min(np.abs(k * 170 - formants)) / 200) for k in range(1, 24)
            ]
            sound = np.sum(parts, axis=0)
            if rng.random() < 0.4:
                sound = rng.normal(size=n)
            sound *= np.sin(np.pi * np.arange(n) / n) * level / np.std(sound)
            out[at : at + n] += sound[: out.size - at]
        at += n
    return out


def through_the_room(sound, delay_ms, db=-12.0, seed=0, reverberation=0.2):
    """The sound as a microphone hears it: later, softer, and with a room around it."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(reverberation * RATE)) / RATE
    room = rng.normal(size=t.size) * 10 ** (-3 * t / reverberation)
    room *= 0.6 / np.sqrt(np.sum(room * room))
    room[0] += 1
    late = np.concatenate([np.zeros(int(delay_ms * RATE / 1000)), sound])[: sound.size]
    spectrum = np.fft.rfft(late, 2 * sound.size) * np.fft.rfft(room, 2 * sound.size)
    return np.fft.irfft(spectrum)[: sound.size] * 10 ** (db / 20)


def hiss(seconds, level=8.0):
    return np.random.default_rng(99).normal(size=int(seconds * RATE)) * level


def watch(meter, speaker, mic, frame=WINDOW, window=WINDOW):
    """One probability for each window that is loud enough to matter, with its time in seconds."""
    speaker, mic = clip(speaker), clip(mic)
    told = []
    fed = 0
    for at in range(0, mic.size - window + 1, window):
        while fed < min(speaker.size, at + window):
            meter.played(speaker[fed : fed + frame])
            fed += frame
        p = meter.heard(mic[at : at + window])
        assert 0.0 <= p <= 1.0
        if np.std(mic[at : at + window].astype(float)) > 100:
            told.append((at / RATE, p))
    return told


def share(told, start, stop=99.0):
    """Share of the windows in which the sound is taken for echo, as the conversation does from 0.7 on."""
    ps = [p >= 0.7 for at, p in told if start <= at < stop]
    assert len(ps) > 5
    return sum(ps) / len(ps)


AGENT = voice(6.0, 1)
CALLER = voice(6.0, 2)


@pytest.mark.parametrize("delay_ms", [20, 80, 200, 350])
def test_echo_is_known_and_where_it_comes_from(delay_ms):
    meter = EchoMeter()
    told = watch(meter, AGENT, through_the_room(AGENT, delay_ms) + hiss(6.0))
    assert share(told, 1.5) > 0.95
    assert meter.delay == pytest.approx(max(delay_ms * 16, 256), abs=64)


@pytest.mark.parametrize("seed", range(3))
def test_a_caller_without_echo_never_looks_like_one(seed):
    told = watch(EchoMeter(), AGENT, voice(6.0, 10 + seed) + hiss(6.0))
    assert share(told, 0.0) == 0.0


def test_a_caller_is_no_echo_while_the_agent_is_silent():
    meter = EchoMeter()
    watch(meter, AGENT, through_the_room(AGENT, 100) + hiss(6.0))
    told = watch(meter, np.zeros(6 * RATE), CALLER + hiss(6.0))
    assert all(p == 0.0 for at, p in told if at > 0.7)


def test_over_the_phone():
    echo = clip(through_the_room(AGENT, 180) + hiss(6.0))
    line = resample(ulaw_decode(ulaw_encode(resample(echo, RATE, 8000))), 8000, RATE)
    assert share(watch(EchoMeter(), AGENT, line), 1.5) > 0.9


def test_a_caller_who_speaks_over_the_echo_is_doubted_at_once_and_believed_soon():
    start = 3.0
    caller = np.where(np.arange(AGENT.size) >= start * RATE, voice(6.0, 5, 5000.0), 0.0)
    loud = np.flatnonzero(np.abs(caller) > 1000)[0] / RATE
    told = watch(EchoMeter(), AGENT, through_the_room(AGENT, 120) + caller + hiss(6.0))
    assert share(told, 1.5, loud - 0.05) > 0.95
    assert min(p for at, p in told if loud <= at < loud + 0.1) == UNKNOWN
    assert min(p for at, p in told if loud + 0.6 <= at < loud + 0.9) < 0.3


def test_a_path_that_changes_is_doubted_and_found_again():
    there = 3.0
    mic = np.where(np.arange(AGENT.size) < there * RATE, through_the_room(AGENT, 120), through_the_room(AGENT, 140))
    told = watch(EchoMeter(), AGENT, mic + hiss(6.0))
    assert min(p for at, p in told if there <= at) >= UNKNOWN
    assert share(told, there + 0.7) > 0.9


def test_a_path_that_changes_while_the_voice_is_paused_is_doubted():
    gap, blip = np.zeros(int(0.45 * RATE)), voice(0.06, 6)
    before = np.concatenate([voice(3.0, 1), gap, blip, gap])
    agent = np.concatenate([before, voice(3.0, 3)])
    late = through_the_room(agent, 280)
    mic = np.where(np.arange(agent.size) < before.size, through_the_room(agent, 80), late) + hiss(agent.size / RATE)
    told = watch(EchoMeter(), agent, mic)
    again = before.size / RATE
    assert min(p for at, p in told if again < at) >= UNKNOWN
    assert share(told, again + 0.7) > 0.9


def test_a_path_once_known_is_remembered():
    meter = EchoMeter()
    watch(meter, AGENT, through_the_room(AGENT, 120) + hiss(6.0))
    watch(meter, np.zeros(3 * RATE), hiss(3.0))
    again = voice(3.0, 7)
    told = watch(meter, again, through_the_room(again, 120) + hiss(3.0))
    assert min(p for _, p in told) >= UNKNOWN
    assert share(told, 0.7) > 0.9


def test_a_long_answer_stays_known():
    """Rounding errors grow with every step of a filter that forgets, unless they are taken out."""
    agent = voice(60.0, 5)
    told = watch(EchoMeter(), agent, through_the_room(agent, 60, db=-10.0) + hiss(60.0))
    assert share(told, 1.5) > 0.95
    assert share(told, 50.0) > 0.95


def test_frames_of_another_size_and_windows_that_are_no_whole_hops():
    mic = through_the_room(AGENT, 150) + hiss(6.0)
    assert share(watch(EchoMeter(), AGENT, mic, frame=320, window=512), 1.5) > 0.9
    assert share(watch(EchoMeter(), AGENT, mic, frame=480, window=400), 1.5) > 0.9


@pytest.mark.parametrize("lost", [0.4, -0.4, 0.06])
def test_a_stall_of_either_stream_is_got_over(lost):
    """`lost`: seconds missing from the microphone's stream, or from the loudspeaker's if negative."""
    agent = voice(9.0, 3)
    mic = through_the_room(agent, 150) + hiss(9.0)
    cut, gap = 3 * RATE, int(abs(lost) * RATE)
    meter = EchoMeter()
    watch(meter, agent[:cut], mic[:cut])
    if lost > 0:
        told = watch_after(meter, agent[cut:], mic[cut + gap :], head_start=gap)
    else:
        told = watch_after(meter, agent[cut + gap :], mic[cut:], head_start=-gap)
    assert share(told, 3.5) > 0.9


def watch_after(meter, speaker, mic, head_start):
    """As `watch`, the loudspeaker's stream being so many samples ahead."""
    if head_start > 0:
        meter.played(clip(speaker[:head_start]))
        return watch(meter, speaker[head_start:], mic)
    watch(meter, np.zeros(0), mic[:-head_start])
    return watch(meter, speaker, mic[-head_start:])


def test_silence_and_nothing_are_no_echo():
    meter = EchoMeter()
    assert meter.heard(np.zeros(0, dtype=np.int16)) == 0.0
    assert meter.heard(np.zeros(WINDOW, dtype=np.int16)) == 0.0
    assert meter.delay is None
    for _ in range(200):
        meter.played(np.zeros(WINDOW, dtype=np.int16))
        assert meter.heard(clip(CALLER[:WINDOW])) == 0.0


def test_memory_is_bounded():
    meter = EchoMeter()
    meter.played(np.zeros(10**6, dtype=np.int16))
    meter.heard(np.zeros(10**5, dtype=np.int16))
    assert meter._speaker.size == 16_384
    assert meter._rest.size < 256
