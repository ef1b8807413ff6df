import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.audio.frame import Frame, Framer
from vivavoce.audio.pcm import AudioError


@given(st.integers(1, 50), st.lists(st.integers(0, 120), max_size=12), st.integers(0, 1000))
def test_frames_are_the_stream_cut_evenly(window, sizes, start):
    framer = Framer(window, 16_000, start)
    stream = np.arange(sum(sizes)).astype(np.int16)
    frames, at = [], 0
    for size in sizes:
        frames += framer.push(stream[at : at + size])
        at += size
        assert framer.position == start + at
        assert framer.pending == at % window
    assert all(f.pcm.size == window and f.rate == 16_000 for f in frames)
    assert [f.start for f in frames] == [start + i * window for i in range(len(frames))]
    rest = framer.flush()
    assert (rest is None) == (at % window == 0)
    frames += [rest] if rest else []
    assert np.array_equal(np.concatenate([f.pcm for f in frames] or [stream]), stream)
    assert framer.flush() is None


def test_frames_share_no_memory():
    framer = Framer(4, 16_000)
    chunk = np.arange(10, dtype=np.int16)
    first, second = framer.push(chunk)
    chunk[:] = 99
    (third,) = framer.push(np.arange(2, dtype=np.int16))
    framer.push(np.full(3, 7, dtype=np.int16))
    assert [f.pcm.tolist() for f in (first, second, third)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 1]]


def test_one_concealed_sample_marks_the_frame_and_no_other():
    framer = Framer(4, 16_000)
    zeros = np.zeros
    assert framer.push(zeros(2, np.int16)) == []
    assert framer.push(zeros(1, np.int16), concealed=True) == []
    (frame, *_), (after,) = framer.push(zeros(1, np.int16)), framer.push(zeros(4, np.int16))
    assert frame.concealed
    assert not after.concealed


def test_counting_goes_on_after_a_flush():
    framer = Framer(4, 16_000, start=100)
    framer.push(np.zeros(3, dtype=np.int16))
    rest = framer.flush()
    assert rest is not None
    assert (rest.start, rest.end) == (100, 103)
    assert framer.push(np.zeros(4, dtype=np.int16))[0].start == 103


def test_a_window_of_nothing_is_refused():
    with pytest.raises(AudioError, match="use at least 1"):
        Framer(0, 16_000)


def test_frame_is_frozen():
    frame = Frame(0, np.zeros(1, dtype=np.int16), 16_000)
    with pytest.raises(AttributeError):
        frame.start = 1  # type: ignore[misc]
