"""Beside the caller's microphone, the loudspeaker's side: what was played, without gaps, for the echo meter."""

from __future__ import annotations

import numpy as np

from ..audio.echo import EchoMeter
from ..audio.pcm import Pcm
from ..audio.resample import Resampler
from ..core.units import IN_RATE, OUT_RATE, in_samples, out_samples

_LATE_MS = 60
"""How late a frame may be played: until then nobody knows that nothing was."""
_JUMP = IN_RATE // 2
"""Samples by which the caller's audio may come late before it is taken for a new beginning."""


class Echo:
    """Says of each window of the caller's audio how likely it is the agent's own voice."""

    def __init__(self) -> None:
        self._meter = EchoMeter()
        self._resampler = Resampler(OUT_RATE, IN_RATE)
        self._position = 0
        """Samples (24 kHz) since the call began up to which the loudspeaker's side is known."""
        self._heard = 0
        self._offset: int | None = None
        """When the caller's first sample was spoken, in samples (16 kHz) since the call began."""

    def played(self, position: int, pcm: Pcm) -> None:
        """A frame on its way to the caller, as `Observer.played` has it."""
        self._silence(position)
        self._push(pcm)
        self._position += pcm.size

    def heard(self, now: int, pcm: Pcm) -> float:
        """The caller's next samples (16 kHz), which ended at `now` (session ms): the probability that they are echo."""
        self._silence(out_samples(now - _LATE_MS))
        self._heard += pcm.size
        seen = in_samples(now) - self._heard
        # The least delay is the true one; what comes later has waited.
        if self._offset is None or seen < self._offset or seen > self._offset + _JUMP:
            self._offset = seen
        return self._meter.heard(pcm, self._offset)

    def _silence(self, upto: int) -> None:
        while (missing := upto - self._position) > 0:
            silence = np.zeros(min(missing, OUT_RATE), dtype=np.int16)
            self._push(silence)
            self._position += silence.size

    def _push(self, pcm: Pcm) -> None:
        self._meter.played(self._resampler.push(pcm))
