import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vivavoce.audio import pcm
from vivavoce.audio.pcm import AudioError

EVERY = np.arange(-32768, 32768).astype(np.int16)
any_pcm = arrays(np.int16, st.integers(0, 300))


@given(any_pcm)
def test_bytes_round_trip(samples):
    assert np.array_equal(pcm.from_bytes(pcm.to_bytes(samples)), samples)


def test_bytes_are_little_endian_and_a_copy():
    data = bytearray(b"\x01\x00\xff\xff\x00\x80")
    samples = pcm.from_bytes(data)
    data[0] = 9
    assert samples.tolist() == [1, -1, -32768]
    assert pcm.to_bytes(np.array([1, -1, -32768], dtype=np.int16)) == b"\x01\x00\xff\xff\x00\x80"


def test_half_a_sample_is_refused_in_one_line():
    with pytest.raises(AudioError, match=r"^3 bytes are not whole 16-bit samples; send an even number of bytes$"):
        pcm.from_bytes(b"abc")


def test_float_round_trip_is_exact_for_every_sample():
    assert np.array_equal(pcm.from_float(pcm.to_float(EVERY)), EVERY)
    assert pcm.to_float(EVERY).dtype == np.float32


def test_floats_clip_and_nan_is_silence():
    wild = np.array([1.0, 2.0, -1.0, -9.0, math.nan, math.inf, -math.inf])
    assert pcm.from_float(wild).tolist() == [32767, 32767, -32768, -32768, 0, 32767, -32768]


def test_downmix_averages_and_never_wraps():
    loud = np.full((4, 2), 32767, dtype=np.int16)
    assert pcm.to_mono(loud).tolist() == [32767] * 4
    assert pcm.to_mono(np.array([[100, 300], [-1, -2]], dtype=np.int16)).tolist() == [200, -2]
    assert pcm.to_mono(np.array([[1.5, 0.5]], dtype=np.float32)).tolist() == [32767]
    assert np.array_equal(pcm.to_mono(EVERY), EVERY)


def test_levels():
    sine = pcm.from_float(np.sin(2 * np.pi * np.arange(16000) / 100) * 0.999)
    assert pcm.rms_dbfs(sine) == pytest.approx(-3.02, abs=0.01)
    assert pcm.peak_dbfs(sine) == pytest.approx(-0.01, abs=0.01)
    assert pcm.rms_dbfs(np.full(10, -32768, dtype=np.int16)) == 0.0
    assert pcm.peak_dbfs(np.full(10, -32768, dtype=np.int16)) == 0.0
    for silent in (np.zeros(10, dtype=np.int16), np.zeros(0, dtype=np.int16)):
        assert pcm.rms_dbfs(silent) == pcm.peak_dbfs(silent) == pcm.SILENT_DB


def test_gain_of():
    assert pcm.gain_of(0) == 1.0
    assert pcm.gain_of(-20) == pytest.approx(0.1)
    assert pcm.gain_of(-math.inf) == 0.0


def test_ramp_is_straight_and_arrives():
    assert pcm.ramp(np.full(4, 1000, dtype=np.int16), 0.0, 1.0).tolist() == [250, 500, 750, 1000]
    assert pcm.ramp(np.full(4, 1000, dtype=np.int16), 1.0, 0.0).tolist() == [750, 500, 250, 0]
    assert pcm.ramp(np.full(2, 30000, dtype=np.int16), 2.0, 2.0).tolist() == [32767, 32767]
    assert pcm.ramp(np.zeros(0, dtype=np.int16), 0.0, 1.0).size == 0


@given(any_pcm, st.integers(0, 400))
def test_fades_touch_only_their_edge(samples, length):
    before = samples.copy()
    edge = min(length, samples.size)
    risen, fallen = pcm.fade_in(samples, length), pcm.fade_out(samples, length)
    assert np.array_equal(samples, before)
    assert np.array_equal(risen[edge:], samples[edge:])
    assert np.array_equal(fallen[: samples.size - edge], samples[: samples.size - edge])
    assert np.all(np.abs(risen.astype(int)) <= np.abs(samples.astype(int)))
    if edge:
        assert fallen[-1] == 0
