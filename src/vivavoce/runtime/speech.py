"""One synthesised part on its way to the playout: to 24 kHz, silence at its beginning cut, words moved along."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..audio.levels import lead_silence
from ..audio.pcm import Pcm
from ..audio.resample import Resampler
from ..core.events import WordEnd
from ..core.units import OUT_RATE
from ..providers.base import ProviderError, Speech

_BLOCK = OUT_RATE // 100
"""10 ms, the grid on which silence is judged."""
_LEAD = 2 * _BLOCK
"""Silence left before the first sound: 20 ms, so that no soft consonant loses its beginning."""
_NONE: Pcm = np.zeros(0, dtype=np.int16)


@dataclass(frozen=True, slots=True)
class Piece:
    """Audio at 24 kHz; word positions in samples of the part as it will be played. Either may be empty."""

    pcm: Pcm
    words: tuple[WordEnd, ...]
    lead: int
    """Samples of silence at its beginning, in the first piece of a part; 0 later."""


class PartAudio:
    """Streams one part. `push` what the synthesiser gives, `flush` at its end."""

    def __init__(self, rate: int) -> None:
        """Raises `AudioError` for a rate that no synthesiser has."""
        self._rate = rate
        self._resampler = Resampler(rate, OUT_RATE)
        self._held: Pcm = _NONE
        """Silence that may have to be kept, until the first sound."""
        self._words: list[WordEnd] = []
        """Words not given out yet, at 24 kHz, positions before cutting."""
        self._cut = 0
        """Samples of silence dropped."""
        self._started = False

    def push(self, speech: Speech) -> Piece | None:
        """What can be played now, if anything. Raises `ProviderError` for what is no audio."""
        pcm = speech.pcm
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise ProviderError("bad_audio", f"the synthesiser gave {pcm.dtype} of shape {pcm.shape}, not int16 mono")
        self._words += [WordEnd(w.chars, round(w.samples * OUT_RATE / self._rate)) for w in speech.words]
        return self._give(self._resampler.push(pcm))

    def flush(self) -> Piece | None:
        """The rest. A part in which nothing is audible has no audio at all."""
        piece = self._give(self._resampler.flush())
        if piece is None and self._started and self._words:
            return Piece(_NONE, self._take_words(), 0)
        return piece

    def _give(self, pcm: Pcm) -> Piece | None:
        if not pcm.size:
            return None
        if self._started:
            return Piece(pcm, self._take_words(), 0)
        held = np.concatenate((self._held, pcm)) if self._held.size else pcm
        silent = lead_silence(held, OUT_RATE)
        keep_from = max(0, min(silent, held.size // _BLOCK * _BLOCK) - _LEAD)
        self._cut += keep_from
        self._held = held[keep_from:]
        if silent >= held.size:
            return None
        self._started = True
        first, self._held = self._held, _NONE
        return Piece(first, self._take_words(), silent - keep_from)

    def _take_words(self) -> tuple[WordEnd, ...]:
        words = tuple(WordEnd(w.chars, max(0, w.samples - self._cut)) for w in self._words)
        self._words.clear()
        return words
