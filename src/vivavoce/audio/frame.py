"""The unit of the data plane, and cutting a stream into windows of one size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .pcm import AudioError, Pcm


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A stretch of mono audio at its place in a stream."""

    start: int
    """Samples of the stream before this one."""
    pcm: Pcm
    rate: int
    """Samples per second."""
    concealed: bool = False
    """True when some of it was made up because the network lost it."""

    @property
    def end(self) -> int:
        """Samples of the stream up to the end of this frame."""
        return self.start + self.pcm.size


class Framer:
    """Cuts chunks of any size into frames of exactly `window` samples, counting from `start`.

    Every sample is copied at most twice, and frames never share memory with what was pushed.
    """

    def __init__(self, window: int, rate: int, start: int = 0) -> None:
        if window < 1:
            raise AudioError(f"a window of {window} samples is impossible; use at least 1")
        self.window = window
        self.rate = rate
        self._start = start
        self._rest = np.empty(window, dtype=np.int16)
        self._held = 0
        self._concealed = False

    @property
    def pending(self) -> int:
        """Samples that wait for their window to fill."""
        return self._held

    @property
    def position(self) -> int:
        """Samples of the stream taken in so far."""
        return self._start + self._held

    def push(self, pcm: Pcm, concealed: bool = False) -> list[Frame]:
        """The frames that `pcm` completes, in order. A frame with any concealed sample is concealed."""
        frames: list[Frame] = []
        done = 0
        while done < pcm.size:
            if self._held == 0 and pcm.size - done >= self.window:
                frames.append(self._cut(pcm[done : done + self.window].copy(), concealed))
                done += self.window
                continue
            take = min(self.window - self._held, pcm.size - done)
            self._rest[self._held : self._held + take] = pcm[done : done + take]
            self._held += take
            self._concealed |= concealed
            done += take
            if self._held == self.window:
                full, self._rest = self._rest, np.empty(self.window, dtype=np.int16)
                frames.append(self._cut(full, self._concealed))
        return frames

    def flush(self) -> Frame | None:
        """What is left, shorter than a window, or None; the next push goes on counting after it."""
        if not self._held:
            return None
        return self._cut(self._rest[: self._held].copy(), self._concealed)

    def _cut(self, pcm: Pcm, concealed: bool) -> Frame:
        frame = Frame(self._start, pcm, self.rate, concealed)
        self._start += pcm.size
        self._held = 0
        self._concealed = False
        return frame
