import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vivavoce.audio import mix
from vivavoce.audio.pcm import AudioError

any_pcm = arrays(np.int16, st.integers(0, 60))


@given(st.lists(st.tuples(st.integers(0, 50), any_pcm), max_size=5), st.none() | st.integers(0, 80))
def test_every_sample_is_the_clipped_sum(pieces, length):
    out = mix.lay_out(pieces, length)
    ends = [start + pcm.size for start, pcm in pieces]
    assert out.size == (max(ends, default=0) if length is None else length)
    for i in range(out.size):
        total = sum(int(pcm[i - start]) for start, pcm in pieces if start <= i < start + pcm.size)
        assert out[i] == max(-32768, min(32767, total))


def test_a_piece_before_the_track_is_refused():
    with pytest.raises(AudioError, match="start of 0 or more"):
        mix.lay_out([(-1, np.zeros(4, dtype=np.int16))])


def test_add_is_as_long_as_the_longest():
    a, b = np.array([30000, 1], dtype=np.int16), np.array([30000, 2, 3], dtype=np.int16)
    assert mix.add(a, b).tolist() == [32767, 3, 3]
    assert mix.add().size == 0


def test_stereo_puts_tracks_side_by_side():
    both = mix.stereo(np.array([1, 2, 3], dtype=np.int16), np.array([9], dtype=np.int16))
    assert both.tolist() == [[1, 9], [2, 0], [3, 0]]
    assert both.dtype == np.int16
