from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.fakes import silence, tone

from vivavoce.audio.pcm import Pcm
from vivavoce.core.events import WordEnd
from vivavoce.providers.base import ProviderError, Speech
from vivavoce.runtime.speech import PartAudio, Piece


def stream(pcm: Pcm, rate: int, words: tuple[WordEnd, ...] = (), cuts: list[int] | None = None) -> list[Piece]:
    part = PartAudio(rate)
    edges = [0, *sorted(c % (pcm.size + 1) for c in cuts or []), pcm.size]
    chunks = [pcm[a:b] for a, b in itertools.pairwise(edges)]
    pieces = [part.push(Speech(chunk, words if n == 0 else ())) for n, chunk in enumerate(chunks)]
    return [p for p in [*pieces, part.flush()] if p is not None]


def whole(pieces: list[Piece]) -> Pcm:
    return np.concatenate([p.pcm for p in pieces])


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_long_silence_at_the_beginning_is_cut_to_20_ms_and_words_move_along(rate: int) -> None:
    pcm = np.concatenate((silence(340, rate), tone(500, rate)))
    words = (WordEnd(3, rate * 600 // 1000), WordEnd(9, rate * 840 // 1000))
    pieces = stream(pcm, rate, words, [pcm.size // 7 * k for k in range(1, 7)])
    out = whole(pieces)
    first = int(np.flatnonzero(np.abs(out) > 500)[0])
    assert 15 * 24 <= first <= 31 * 24
    assert pieces[0].lead in (480, 720)
    assert all(p.lead == 0 for p in pieces[1:])
    assert abs(out.size - first - 500 * 24) <= 10 * 24
    cut = round(pcm.size * 24_000 / rate) - out.size
    assert cut % 240 == 0
    got = [w for p in pieces for w in p.words]
    assert got == [WordEnd(3, 600 * 24 - cut), WordEnd(9, 840 * 24 - cut)]


def test_sound_that_begins_at_once_is_untouched() -> None:
    pcm = tone(300, 24_000)
    pieces = stream(pcm, 24_000, (WordEnd(2, 100),))
    assert np.array_equal(whole(pieces), pcm)
    assert pieces[0].lead == 0
    assert pieces[0].words == (WordEnd(2, 100),)


def test_words_that_ended_in_the_silence_are_at_the_start() -> None:
    pieces = stream(np.concatenate((silence(500, 24_000), tone(100, 24_000))), 24_000, (WordEnd(1, 240),))
    assert pieces[0].words == (WordEnd(1, 0),)


def test_nothing_audible_is_no_audio_at_all() -> None:
    assert stream(silence(4_000, 16_000), 16_000, (WordEnd(4, 900),), [100, 9_000]) == []
    assert stream(silence(0), 16_000) == []


def test_silence_inside_and_at_the_end_stays() -> None:
    pcm = np.concatenate((tone(100, 24_000), silence(2_000, 24_000), tone(100, 24_000), silence(300, 24_000)))
    assert np.array_equal(whole(stream(pcm, 24_000, cuts=[5_000])), pcm)


def test_late_words_are_given_out_at_the_end() -> None:
    part = PartAudio(24_000)
    first = part.push(Speech(tone(100, 24_000)))
    assert first is not None
    assert part.push(Speech(silence(0), (WordEnd(5, 2_000),))) is None
    last = part.flush()
    assert last is not None
    assert (last.pcm.size, last.words) == (0, (WordEnd(5, 2_000),))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30_000), max_size=8), st.sampled_from([16_000, 22_050, 24_000]), st.integers(0, 400))
def test_the_size_of_the_chunks_does_not_matter(cuts: list[int], rate: int, lead_ms: int) -> None:
    pcm = np.concatenate((silence(lead_ms, rate), tone(300, rate)))
    words = (WordEnd(4, rate // 5),)
    one, many = stream(pcm, rate, words), stream(pcm, rate, words, cuts)
    # The grid of 10 ms on which silence is judged begins where the chunk does.
    cut = one[0].pcm.size - sum(p.pcm.size for p in many) + sum(p.pcm.size for p in one[1:])
    assert abs(cut) <= 240
    tail = min(whole(one).size, whole(many).size)
    assert np.array_equal(whole(one)[-tail:], whole(many)[-tail:])
    ends = [[w.samples for p in pieces for w in p.words] for pieces in (one, many)]
    assert abs(ends[0][0] - ends[1][0]) <= 240


@pytest.mark.parametrize("pcm", [np.zeros(100, dtype=np.float32), np.zeros((10, 2), dtype=np.int16)])
def test_what_is_no_audio_is_refused(pcm: Pcm) -> None:
    with pytest.raises(ProviderError, match="int16 mono"):
        PartAudio(24_000).push(Speech(pcm))
