"""Silero voice activity detection: one shared network, one small state per call.

Most of a call is silence, in which nothing is computed: a line without a sound is not speech. Windows of several calls
that are there at the same time are judged in one run of the network. One of 512 samples (32 ms at 16 kHz) costs some
0.09 ms of one core alone and 0.015 ms with many others, so it runs on the caller's thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

import numpy as np

from ..base import Judged, Pcm
from . import silero

RATE = 16_000
WINDOW = 512
_CONTEXT = silero.HEARD - WINDOW
_FULL_SCALE = np.float32(1.0 / 32768.0)
_INAUDIBLE = 33
"""Samples that are all smaller (-60 dBFS) hold no speech."""
_CALM = 8
"""So many windows of them, and the network need not look at the next."""
_CALM_P = 0.1
_GATHER_S = 0.005
"""Pause between two runs of the network, in which windows gather."""


class SileroVad:
    """The detector of one call. Holds some 3 KiB: the network's state and its last window."""

    window = WINDOW

    def __init__(self, network: silero.Network, together: Callable[[], Together]) -> None:
        self._network = network
        self._together = together
        self.input = np.zeros((1, silero.HEARD), dtype=np.float32)
        """What the network sees next: the end of the window before, and the window."""
        self._context, self._last = self.input[0, :_CONTEXT], self.input[0, -_CONTEXT:]
        self._heard = self.input[0, _CONTEXT:]
        self.state = np.zeros((2, 1, silero.UNITS), dtype=np.float32)
        self._calm = 0
        """Windows without a sound, up to now."""
        self.p = 0.0
        """The last judgement."""
        self.waiting = False
        """The window in `input` is still to be judged."""

    def __call__(self, pcm: Pcm) -> float:
        """Probability of speech, 0 to 1, in exactly 512 int16 samples at 16 kHz.

        Raises `ValueError` for any other size or type, which is the caller's mistake.
        """
        if self.takes(pcm):
            judge(self._network, [self])
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

    def reset(self) -> None:
        """Forget everything heard: the network's state, and the context samples, which are state as well."""
        self.state[:] = 0.0
        self.input[:] = 0.0
        self._calm, self.p = 0, 0.0


class Together:
    """Windows of several calls in one run: those that arrive before the event loop comes round again, or within 5 ms
    of the run before.

    A call that is alone never waits, as its windows are 32 ms apart; the more calls there are, the more share a run.
    """

    def __init__(self, network: silero.Network) -> None:
        self._network = network
        self._asked: deque[tuple[SileroVad, Judged]] = deque()
        self._later: deque[tuple[SileroVad, Pcm, Judged]] = deque()
        """Windows of detectors that wait for the judgement of the one before."""
        self._not_before = 0.0
        """The loop's time before which no run begins."""

    def ask(self, vad: SileroVad, pcm: Pcm, judged: Judged) -> None:
        if vad.waiting:
            self._later.append((vad, pcm, judged))
        elif vad.takes(pcm):
            vad.waiting = True
            self._asked.append((vad, judged))
            if len(self._asked) == 1:
                loop = asyncio.get_running_loop()
                if loop.time() < self._not_before:
                    loop.call_at(self._not_before, self.judge)
                else:
                    loop.call_soon(self.judge)
        else:
            judged(vad.p)

    def judge(self) -> None:
        """Judge one window of each detector that waits."""
        asked, self._asked = self._asked, deque()
        later, self._later = self._later, deque()
        if not asked:
            return
        if not later:
            self._not_before = asyncio.get_running_loop().time() + _GATHER_S
        outcome = self._run([vad for vad, _ in asked])
        for vad, judged in asked:
            vad.waiting = False
            judged(outcome or vad.p)
        for vad, pcm, judged in later:
            self.ask(vad, pcm, judged)

    def _run(self, vads: Sequence[SileroVad]) -> Exception | None:
        try:
            judge(self._network, vads)
        except Exception as error:
            return error
        return None


def judge(network: silero.Network, vads: Sequence[SileroVad]) -> None:
    """Judge the windows that these detectors have taken."""
    heard = np.concatenate([vad.input for vad in vads])
    state = np.concatenate([vad.state for vad in vads], axis=1)
    certain, state = network(heard, state)
    for n, (vad, p) in enumerate(zip(vads, certain.tolist(), strict=True)):
        vad.state[:, 0] = state[:, n]
        vad.p = p


class SileroVads:
    """Detectors that share the network and their runs. The first `open` (or `load`) takes some 15 ms."""

    def __init__(self) -> None:
        self._together: WeakKeyDictionary[asyncio.AbstractEventLoop, Together] = WeakKeyDictionary()

    def load(self) -> None:
        """Load the network now rather than at the first call."""
        silero.load()

    def open(self) -> SileroVad:
        """A detector with the memory of one call."""
        return SileroVad(silero.load(), self._here)

    def _here(self) -> Together:
        """Calls of one event loop are judged together."""
        loop = asyncio.get_running_loop()
        found = self._together.get(loop)
        if found is None:
            found = self._together[loop] = Together(silero.load())
        return found
