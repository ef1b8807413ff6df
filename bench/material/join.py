"""Where voice is in a sound, and sounds joined with pauses of exact length. Pure; 16 kHz, floats of full scale 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
BLOCK = RATE // 100
"""10 ms: the grain of all truth."""
AUDIBLE_DB = -50.0
REFERENCE_DB = -20.0
"""Level of the voice when what is audible is looked for."""
HOLD_MS = 200
_FADE = RATE * 4 // 1000

Sound = NDArray[np.float64]
Spoken = tuple[str, int, int]
"""A word and where it is: samples within a sound, or ms within a clip."""
Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A sound with its words (samples), and the silence that follows it."""

    sound: Sound
    words: list[Spoken]
    pause_ms: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """A whole utterance at `REFERENCE_DB`, from its first voice to its last; times in ms."""

    sound: Sound
    spans: Spans
    words: list[Spoken]


def levels(sound: Sound) -> Sound:
    """dBFS of each 10 ms; a remainder at the end does not count."""
    whole = sound[: sound.size // BLOCK * BLOCK].reshape(-1, BLOCK)
    return 10.0 * np.log10(np.maximum(np.mean(whole * whole, axis=1), 1e-12))


def active_db(sound: Sound) -> float:
    """Level of those blocks that are within 30 dB of the loudest."""
    by_block = levels(sound)
    if not by_block.size:
        return -120.0
    loud = by_block[by_block > by_block.max() - 30.0]
    return float(10.0 * np.log10(np.mean(10.0 ** (loud / 10.0))))


def at_level(sound: Sound, db: float) -> Sound:
    """The sound with its active level at `db`."""
    return sound * 10.0 ** ((db - active_db(sound)) / 20.0)


def voiced(sound: Sound, audible_db: float = AUDIBLE_DB, hold_ms: int = HOLD_MS) -> Spans:
    """Stretches of audible blocks, in ms; gaps shorter than `hold_ms` are part of them, blips of one block are not."""
    loud = levels(sound) > audible_db
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.astype(np.int8), [0]))))
    runs = [(int(a) * 10, int(b) * 10) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    spans: Spans = []
    for start, end in runs:
        if spans and start - spans[-1][1] < hold_ms:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return [(a, b) for a, b in spans if b - a > 10]


def join(parts: Sequence[Part]) -> Take:
    """Parts one after the other, each cut to its voice, with exactly their pauses (whole 10 ms) between. The pauses are
    digital silence. Raises `ValueError` when a part has no voice."""
    gain = 10.0 ** ((REFERENCE_DB - active_db(np.concatenate([part.sound for part in parts]))) / 20.0)
    sounds: list[Sound] = []
    words: list[Spoken] = []
    at = 0
    for number, part in enumerate(parts):
        cut, start = _cut(part.sound * gain)
        words += [_placed(word, at - start, at, at + cut.size) for word in part.words]
        silence = 0 if number == len(parts) - 1 else part.pause_ms // 10 * BLOCK
        sounds += [cut, np.zeros(silence)]
        at += cut.size + silence
    sound = np.concatenate(sounds)
    spans = voiced(sound)
    return Take(sound, spans, [_inside(word, spans) for word in words])


def tightened(part: Part, most_ms: int) -> Part:
    """The part with no silence inside it longer than `most_ms`: synthesisers rest longer at a comma than people do."""
    runs = voiced(at_level(part.sound, REFERENCE_DB), hold_ms=most_ms + 10)
    words, sound = part.words, part.sound
    for (_, silent), (voice, _) in reversed(list(pairwise(runs))):
        first, gone = (silent + most_ms // 2) * BLOCK // 10, (voice - silent - most_ms) * BLOCK // 10
        sound = np.concatenate((sound[:first], sound[first + gone :]))
        words = [(w, _without(a, first, gone), _without(b, first, gone)) for w, a, b in words]
    return Part(sound, words, part.pause_ms)


def _without(at: int, first: int, gone: int) -> int:
    return at if at < first else max(first, at - gone)


def _inside(word: Spoken, spans: Spans) -> Spoken:
    """The word within the span that it shares most with: engines count some of the silence around a word to it."""
    text, start, end = word
    low, high = max(spans, key=lambda span: min(end, span[1]) - max(start, span[0]))
    return text, min(max(start, low), high - 10), min(max(end, low + 10), high)


def _cut(sound: Sound) -> tuple[Sound, int]:
    """From the first audible block to the last, with short fades; and where that begins."""
    spans = voiced(sound)
    if not spans:
        raise ValueError("a part without voice cannot be joined")
    start, end = spans[0][0] * BLOCK // 10, spans[-1][1] * BLOCK // 10
    cut = sound[start:end].copy()
    fade = np.linspace(0.0, 1.0, _FADE)
    cut[:_FADE] *= fade
    cut[-_FADE:] *= fade[::-1]
    return cut, start


def _placed(word: Spoken, shift: int, low: int, high: int) -> Spoken:
    """The word in ms of the whole, within its part."""
    start = min(max(word[1] + shift, low), high - BLOCK)
    end = min(max(word[2] + shift, start + BLOCK), high)
    return word[0], start * 10 // BLOCK, end * 10 // BLOCK


def spread(words: Iterable[str], spans: Spans) -> list[Spoken]:
    """Words laid over the spans in proportion to their letters, none across a pause: for sounds of which only the words
    are known."""
    texts = list(words)
    weights = [len(text) + 1 for text in texts]
    total, length = sum(weights), sum(b - a for a, b in spans)
    laid: list[Spoken] = []
    done = 0
    for text, weight in zip(texts, weights, strict=True):
        start, end = done * length // total, (done + weight) * length // total
        done += weight
        low, high = _within((start + end) // 2, spans)
        first, last = _at(start, spans), _at(end, spans)
        laid.append((text, max(first, low), min(last, high)))
    return laid


def _within(voiced_ms: int, spans: Spans) -> tuple[int, int]:
    for start, end in spans:
        if voiced_ms < end - start:
            return start, end
        voiced_ms -= end - start
    return spans[-1]


def _at(voiced_ms: int, spans: Spans) -> int:
    start, _ = _within(voiced_ms, spans)
    before = sum(b - a for a, b in spans if b <= start)
    return start + voiced_ms - before
