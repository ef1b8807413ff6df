"""The embedded recogniser: pocketsphinx in worker processes, four calls to a process."""

from __future__ import annotations

from ..base import Busy
from .calls import REQUESTS, WorkerStt
from .extra import require
from .worker import Worker

CALLS = 4
"""Calls per process: each costs it 0.1 to 0.2 of a core while its caller speaks, and next to nothing otherwise."""


class PocketsphinxStt(WorkerStt):
    """Recognises American English: well what is expected, open speech with about one word in four wrong."""

    def __init__(self, busy: Busy | None = None, model: str = "pocketsphinx") -> None:
        """`busy` is told of work in the worker processes. Raises `ProviderError` code `missing`."""
        require("pocketsphinx")
        super().__init__(f"offline:{model}", lambda: _worker(busy), CALLS)


def _worker(busy: Busy | None) -> Worker:
    return Worker("vivavoce.providers.offline.stt_worker", busy=busy, limit=REQUESTS)
