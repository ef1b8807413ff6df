"""How the id of a call names the process that has it, where several serve one port."""

from __future__ import annotations

from .errors import LETTERS

LENGTH = 2
"""Letters at the beginning of an id, after its kind: `rtc_01...` is the first worker's."""
MOST_WORKERS = len(LETTERS) ** LENGTH - 1


def mark_of(worker: int) -> str:
    """How the ids of this worker's calls begin. Workers count from 1."""
    first, second = divmod(worker, len(LETTERS))
    return LETTERS[first] + LETTERS[second]


def worker_of(call_id: str) -> int:
    """Whose call it is; 0 for nobody's."""
    mark = call_id.partition("_")[2][:LENGTH]
    if len(mark) < LENGTH or any(letter not in LETTERS for letter in mark):
        return 0
    return LETTERS.index(mark[0]) * len(LETTERS) + LETTERS.index(mark[1])
