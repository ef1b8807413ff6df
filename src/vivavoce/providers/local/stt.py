"""Neural recognisers on this machine, in worker processes; a process has one model, for all its calls."""

from __future__ import annotations

from typing import ClassVar

from ..base import Busy
from ..offline.calls import REQUESTS, WorkerStt
from ..offline.worker import Worker
from .store import find

_START_S = 120.0


class LocalStt(WorkerStt):
    """A recogniser whose model was pulled."""

    vendor: ClassVar[str]
    calls: ClassVar[int]
    """Calls per process."""
    silence_s: ClassVar[float]
    """Longest step of work."""

    def __init__(self, model: str, busy: Busy | None = None) -> None:
        """`busy` is told of work in the worker processes. Raises `ProviderError`: `missing`, `not_found`."""
        name = f"{self.vendor}:{model}"
        find(name)

        def work() -> Worker:
            module = "vivavoce.providers.local.stt_worker"
            return Worker(module, name, silence_s=self.silence_s, start_s=_START_S, busy=busy, limit=REQUESTS)

        super().__init__(name, work, self.calls)


class SherpaStt(LocalStt):
    """A streaming transducer, through sherpa-onnx."""

    vendor = "sherpa"
    calls = 8
    silence_s = 10.0


class WhisperStt(LocalStt):
    """Whisper, through faster-whisper. While somebody speaks it hears all of it again and again."""

    vendor = "whisper"
    calls = 4
    # One step is a whole utterance, which a large model on a slow machine hears slower than it was said.
    silence_s = 120.0
