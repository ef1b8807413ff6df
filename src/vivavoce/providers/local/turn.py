"""Smart Turn: a small network that tells by the melody whether somebody has finished speaking.

One session for the whole process, and one thread for the checks of all calls: each takes 40 to 50 ms of a core, and
more threads would only take time from the audio. A check that nobody waits for any more is never begun.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..base import Busy, Pcm, ProviderError
from .mel import RATE, log_mel
from .models import NETWORK
from .store import find

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

VENDOR = "smart-turn"
SAMPLES = 8 * RATE
"""What the network hears: the end of what it is given, after silence where that is shorter."""


class SmartTurn:
    """Raises `ProviderError`: `missing` and `not_found` when it is made, `died` when its file cannot be used."""

    def __init__(self, model: str, busy: Busy | None = None) -> None:
        """`busy` is not told: the loop itself knows of work in threads."""
        self.model = f"{VENDOR}:{model}"
        _, folder = find(self.model)
        self._file = folder / NETWORK

    async def start(self) -> None:
        """Load the network now rather than at the first check."""
        await self.score(np.zeros(0, dtype=np.int16))

    async def score(self, pcm: Pcm) -> float:
        """Probability, 0 to 1, that whoever speaks in `pcm` (16 kHz, of which the last 8 s count) has finished."""
        return await asyncio.get_running_loop().run_in_executor(_thread(), check, self._file, pcm)

    async def close(self) -> None:
        """Network and thread stay for whoever comes next."""


def check(file: Path, pcm: Pcm) -> float:
    """One judgement of the network in that file. Blocks; raises `ProviderError`."""
    session = _session(file)
    try:
        (answers,) = session.run(None, {"input_features": log_mel(pcm, SAMPLES)[None]})
        return float(answers[0, 0])
    except Exception as error:
        raise ProviderError("died", f"{file} cannot judge turns: {error}"[:300]) from error


@cache
def _session(file: Path) -> InferenceSession:
    """Several threads may run it at once, each on its own core."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        fix = f"vivavoce pull --remove {VENDOR}, then vivavoce pull {VENDOR}"
        raise ProviderError("died", f"{file} cannot be loaded; fix: {fix}") from error


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, VENDOR)
