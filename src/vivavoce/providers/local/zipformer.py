"""A streaming transducer of sherpa-onnx: an ear that hears 320 ms at a time. Needs the worker's process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..offline.decoders import Word
from ..offline.gate import Pcm
from .models import Model

RATE = 16_000
_TAIL = np.zeros(RATE * 6 // 10, np.float32)
"""Silence after the end: the model looks ahead, and hears whole chunks."""
_LASTS_S = 0.16
"""How long a word lasts after its last token, unless another begins before."""
_FILES = ("tokens.txt", "encoder.onnx", "decoder.onnx", "joiner.onnx")


def load(model: Model, folder: Path) -> Callable[[], Ear]:
    """Load the model; gives the maker of ears."""
    import sherpa_onnx as sherpa

    files = {name.partition(".")[0]: str(folder / name) for name in _FILES}
    recogniser = sherpa.OnlineRecognizer.from_transducer(**files, num_threads=1, sample_rate=RATE)
    return lambda: Ear(recogniser)


class Ear:
    """The state of one call. An utterance ends when it is told to; the library's own endpoints are off."""

    def __init__(self, recogniser: Any) -> None:
        self._recogniser = recogniser
        self._stream: Any = None
        self.samples = 0
        """Samples heard in this utterance."""

    def begin(self) -> None:
        """A new utterance."""
        self._stream = self._recogniser.create_stream()
        self.samples = 0

    def hear(self, pcm: Pcm) -> None:
        """More of the utterance, at 16 kHz."""
        self.samples += len(pcm)
        self._stream.accept_waveform(RATE, pcm.astype(np.float32) / 32768)
        self._decode()

    def end(self) -> None:
        """The utterance is over; `words` is final."""
        self._stream.accept_waveform(RATE, _TAIL)
        self._stream.input_finished()
        self._decode()

    def words(self) -> list[Word]:
        """What was said so far."""
        tokens, times = self._recogniser.tokens(self._stream), self._recogniser.timestamps(self._stream)
        return list(joined(tokens, times, self.samples))

    def _decode(self) -> None:
        while self._recogniser.is_ready(self._stream):
            self._recogniser.decode_stream(self._stream)


def joined(tokens: Sequence[str], times: Sequence[float], samples: int) -> Iterator[Word]:
    """Tokens and the seconds at which they were heard, as words within so many samples."""
    words: list[tuple[str, float, float]] = []
    for token, time in zip(tokens, times, strict=True):
        if token[:1] in (" ", "▁") or not words:
            words.append((token.lstrip(" ▁"), time, time))
        else:
            text, begun, _ = words[-1]
            words[-1] = (text + token, begun, time)
    # Some models know capitals only.
    shouted = all(text == text.upper() for text, *_ in words)
    for (text, begun, last), following in zip(words, [*words[1:], None], strict=False):
        end = min(last + _LASTS_S, following[1] if following else float("inf"))
        spelt = text.lower() if shouted else text
        if spelt:
            yield Word(spelt, min(round(begun * RATE), samples), min(round(end * RATE), samples))
