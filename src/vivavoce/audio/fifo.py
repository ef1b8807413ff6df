"""A bounded queue of samples."""

from __future__ import annotations

from collections import deque

import numpy as np

from .pcm import Pcm


class Fifo:
    """Samples in, samples out, in order; what was written may be altered afterwards.

    Kept in blocks of `block` samples, so that memory follows the samples held, however small the writes were.
    """

    def __init__(self, limit: int, block: int) -> None:
        self._limit = limit
        self._block = block
        self._blocks: deque[Pcm] = deque()
        self._read = 0
        """Samples of the first block that are gone."""
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def write(self, pcm: Pcm) -> int:
        """Take as many samples as there is room for; returns how many."""
        taken = min(pcm.size, self._limit - self._size)
        done = 0
        while done < taken:
            at = (self._read + self._size) % self._block
            if at == 0 and self._read + self._size == len(self._blocks) * self._block:
                self._blocks.append(np.empty(self._block, dtype=np.int16))
            n = min(self._block - at, taken - done)
            self._blocks[-1][at : at + n] = pcm[done : done + n]
            self._size += n
            done += n
        return taken

    def read(self, out: Pcm) -> int:
        """Fill `out` from its start, as far as the samples reach; returns how many."""
        taken = min(out.size, self._size)
        done = 0
        while done < taken:
            n = min(self._block - self._read, taken - done)
            out[done : done + n] = self._blocks[0][self._read : self._read + n]
            done += n
            self._read += n
            if self._read == self._block:
                self._blocks.popleft()
                self._read = 0
        self._size -= taken
        if not self._size:
            self._read = 0
        return taken

    def peek(self) -> Pcm:
        """A copy of all that is there."""
        whole = np.concatenate(self._blocks) if self._blocks else np.empty(0, dtype=np.int16)
        return whole[self._read : self._read + self._size].copy()

    def drop_last(self, samples: int) -> None:
        """Forget so many of the samples written last."""
        self._size -= min(samples, self._size)
        while len(self._blocks) * self._block - self._read - self._size >= self._block:
            self._blocks.pop()

    def clear(self) -> None:
        """Forget everything."""
        self._blocks.clear()
        self._read = 0
        self._size = 0
