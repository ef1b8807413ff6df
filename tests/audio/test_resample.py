from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio.pcm import AudioError
from vivavoce.audio.resample import Resampler, resample

RATES = [8000, 11025, 16000, 22050, 24000, 44100, 48000]
PAIRS = [(src, dst) for src in RATES for dst in RATES if src != dst]
rates = st.sampled_from(RATES)


def tone(hz, rate, seconds=0.5, level=16_000):
    return np.rint(level * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


def noise(samples, seed=0):
    return np.random.default_rng(seed).integers(-30_000, 30_000, samples).astype(np.int16)


def level_db(pcm):
    """Level beside that of `tone`."""
    wide = pcm.astype(float)
    return 20 * np.log10(np.sqrt(2 * np.mean(wide * wide)) / 16_000 + 1e-12)


def in_chunks(src, dst, pcm, sizes):
    resampler, out, at = Resampler(src, dst), [], 0
    for size in sizes:
        out.append(resampler.push(pcm[at : at + size]))
        at += size
    out += [resampler.push(pcm[at:]), resampler.flush()]
    return np.concatenate(out)


@settings(max_examples=120, deadline=None)
@given(rates, rates, st.integers(0, 3000), st.lists(st.integers(0, 700), max_size=12), st.integers(0, 99))
def test_chunks_of_any_size_give_the_same_bits(src, dst, samples, sizes, seed):
    pcm = noise(samples, seed)
    whole = resample(pcm, src, dst)
    assert whole.dtype == np.int16
    assert whole.size == int(samples * dst / src + 0.5)
    assert np.array_equal(in_chunks(src, dst, pcm, sizes), whole)


@pytest.mark.parametrize(("src", "dst"), [(16_000, 24_000), (44_100, 16_000), (8000, 48_000)])
def test_sample_by_sample_gives_the_same_bits_too(src, dst):
    pcm = noise(400)
    assert np.array_equal(in_chunks(src, dst, pcm, [1] * 400), resample(pcm, src, dst))


@settings(max_examples=25, deadline=None)
@given(st.integers(4000, 50_000), st.integers(4000, 50_000), st.integers(0, 500), st.integers(1, 90))
def test_odd_rates(src, dst, samples, size):
    pcm = noise(samples)
    whole = resample(pcm, src, dst)
    assert whole.size == (2 * samples * dst + src) // (2 * src)
    assert np.array_equal(in_chunks(src, dst, pcm, [size] * (samples // size)), whole)


@pytest.mark.parametrize(("src", "dst"), PAIRS)
def test_the_voice_band_passes_in_time_and_untouched(src, dst):
    top = (0.42 if min(src, dst) >= 16_000 else 0.40) * min(src, dst)
    for hz in (120.0, 1000.0, top):
        out = resample(tone(hz, src), src, dst)
        wanted = 16_000 * np.sin(2 * np.pi * hz * np.arange(out.size) / dst)
        edge = dst // 100
        error = (out - wanted)[edge:-edge]
        # A shift of a tenth of a sample at 1 kHz would already be -28 dB.
        assert level_db(error) < (-70 if hz < top else -55)


@pytest.mark.parametrize(("src", "dst"), [pair for pair in PAIRS if pair[1] < pair[0]])
def test_what_the_lower_rate_cannot_carry_is_gone(src, dst):
    stop = dst * (0.5 if dst >= 16_000 else 0.54)
    for hz in np.linspace(stop + 30, src / 2 - 1, 12):
        edge = dst // 100
        assert level_db(resample(tone(hz, src, 0.2), src, dst)[edge:-edge]) < -70


@pytest.mark.parametrize(("src", "dst"), [pair for pair in PAIRS if pair[1] > pair[0]])
def test_no_mirror_images_above_the_old_band(src, dst):
    """All that is not the tone itself, mirror images included, is at least 70 dB below it."""
    for hz in np.linspace(200, src * (0.42 if src >= 16_000 else 0.40), 7):
        hz = round(hz / 50) * 50
        out = resample(tone(hz, src, 0.5), src, dst)[dst // 20 :]
        t = 2 * np.pi * hz * np.arange(out.size) / dst
        basis = np.stack([np.sin(t), np.cos(t)], axis=1)
        fit = basis @ np.linalg.lstsq(basis, out.astype(float), rcond=None)[0]
        assert level_db((out - fit)[: -dst // 50]) < -70


def test_a_click_stays_where_it_was():
    for src, dst in PAIRS:
        pcm = np.zeros(src // 5, dtype=np.int16)
        pcm[src // 10] = 30_000
        peak = int(np.argmax(np.abs(resample(pcm, src, dst).astype(int))))
        assert abs(peak / dst - src // 10 / src) <= 0.5 / dst + 1e-9


def test_a_constant_stays_exactly_itself():
    for src, dst in PAIRS:
        out = resample(np.full(src // 10, 12_345, dtype=np.int16), src, dst)
        assert set(out[dst // 200 : -dst // 200].tolist()) == {12_345}


def test_full_scale_clips_and_does_not_wrap():
    square = np.where(np.arange(1600) // 8 % 2, 32767, -32768).astype(np.int16)
    out = resample(square, 16_000, 24_000).astype(int)
    inside = [abs(b - a) for a, b in pairwise(out[100:-100])]
    assert out.max() == 32767
    assert out.min() == -32768
    assert max(inside) <= 65535
    assert np.all(np.sign(out[105:-100:12]) == np.sign(out[105]) * (-1) ** np.arange(len(out[105:-100:12])))


@pytest.mark.parametrize(("src", "dst"), PAIRS)
def test_latency_is_what_it_says_and_small(src, dst):
    resampler = Resampler(src, dst)
    assert resampler.latency <= 0.00226
    given_samples = 0
    while not resampler.push(np.zeros(1, dtype=np.int16)).size:
        given_samples += 1
    assert given_samples / src == pytest.approx(resampler.latency, abs=1 / src)


def test_everything_that_can_be_known_is_put_out():
    resampler, made = Resampler(16_000, 24_000), 0
    for n in range(1, 50):
        made += resampler.push(noise(320, n)).size
        assert made / 24_000 >= n * 0.02 - resampler.latency - 1 / 24_000


def test_equal_rates_pass_through():
    pcm = noise(100)
    resampler = Resampler(16_000, 16_000)
    assert resampler.push(pcm) is pcm
    assert resampler.flush().size == 0
    assert resampler.latency == 0.0


def test_a_flush_begins_a_new_stream():
    resampler, pcm = Resampler(24_000, 16_000), noise(1000)
    first = np.concatenate([resampler.push(pcm), resampler.flush()])
    assert np.array_equal(np.concatenate([resampler.push(pcm), resampler.flush()]), first)
    assert resampler.flush().size == 0


def test_memory_does_not_grow_with_the_call():
    for src, dst in PAIRS:
        resampler = Resampler(src, dst)
        sizes = set()
        for _ in range(60):
            resampler.push(np.zeros(src // 50, dtype=np.int16))
            sizes.add(resampler._buffer.size)
        assert max(sizes) < src // 100


@pytest.mark.parametrize("rate", [0, -16_000, 999, 10**6])
def test_impossible_rates_are_refused(rate):
    with pytest.raises(AudioError, match=f"a sample rate of {rate} is impossible; use 1000 to 768000"):
        Resampler(16_000, rate)
