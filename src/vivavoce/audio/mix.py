"""Several sounds as one: sums that clip instead of wrapping round, and tracks side by side."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .pcm import AudioError, Pcm, clip


def add(*tracks: Pcm) -> Pcm:
    """The sum of tracks that begin together, as long as the longest, clipped."""
    return lay_out((0, track) for track in tracks)


def lay_out(pieces: Iterable[tuple[int, Pcm]], length: int | None = None) -> Pcm:
    """Pieces summed on one track, each from its own sample on, clipped where they overlap too loudly.

    `length`: samples of the track; pieces are cut there. By default up to the end of the last piece. Raises
    `AudioError` for a piece that begins before the track.
    """
    placed = list(pieces)
    if any(start < 0 for start, _ in placed):
        raise AudioError("a piece begins before the track; give it a start of 0 or more")
    if length is None:
        length = max((start + pcm.size for start, pcm in placed), default=0)
    total = np.zeros(length, dtype=np.int32)
    for start, pcm in placed:
        fits = pcm[: max(0, length - start)]
        total[start : start + fits.size] += fits
    return clip(total)


def stereo(left: Pcm, right: Pcm) -> NDArray[np.int16]:
    """Two mono tracks side by side, shape (n, 2); the shorter one ends in silence."""
    both = np.zeros((max(left.size, right.size), 2), dtype=np.int16)
    both[: left.size, 0] = left
    both[: right.size, 1] = right
    return both
