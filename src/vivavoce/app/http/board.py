"""What the processes of one server know of each other at once: a few numbers of each, in memory that all of them share.

Each row has one writer, but for the clearing of a dead worker's. A number is written whole, so readers need no lock.
"""

from __future__ import annotations

import mmap
from enum import IntEnum
from pathlib import Path


class Column(IntEnum):
    CALLS = 0
    """Conversations, and those who listen in."""
    PEERS = 1
    """... of them those that hold no connection to the port: over WebRTC."""
    CLOSED = 2
    """Connections to the port that ended, since the worker began."""
    BUSY = 3
    """1 while the worker refuses new calls."""


_BYTES = 8


class Board:
    """The rows of all workers, which count from 1."""

    def __init__(self, path: Path, workers: int) -> None:
        """A file that `make` made. Raises OSError."""
        self._rows = range(1, workers + 1)
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self._cells = memoryview(self._memory).cast("q")

    @staticmethod
    def make(path: Path, workers: int) -> Board:
        """A new one, all zeros. Raises OSError."""
        path.write_bytes(bytes(workers * len(Column) * _BYTES))
        return Board(path, workers)

    def get(self, worker: int, column: Column) -> int:
        return self._cells[self._at(worker, column)]

    def put(self, worker: int, column: Column, value: int) -> None:
        self._cells[self._at(worker, column)] = value

    def total(self, column: Column) -> int:
        return sum(self.get(worker, column) for worker in self._rows)

    def clear(self, worker: int) -> None:
        """Of a worker that is no more."""
        for column in Column:
            self.put(worker, column, 0)

    def close(self) -> None:
        self._cells.release()
        self._memory.close()

    def _at(self, worker: int, column: Column) -> int:
        if worker not in self._rows:
            raise IndexError(f"there is no worker {worker}")
        return (worker - 1) * len(Column) + column
