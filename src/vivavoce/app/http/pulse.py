"""Measures how late the loop is, as the frames of its calls are: a timer each 20 ms, on a grid that never drifts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .admission import Admission

FRAME_S = 0.02
IDLE_S = 0.2
"""Between two looks while there are no calls."""


class Pulse:
    """Runs from `begin` to `end`, on the running loop."""

    def __init__(self, admission: Admission, calls: Callable[[], int]) -> None:
        """`calls`: how many there are. Without any nothing is measured: there is nobody to protect."""
        self._admission = admission
        self._calls = calls
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def begin(self) -> None:
        self._set(asyncio.get_running_loop().time() + FRAME_S)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, due: float) -> None:
        self._due = due
        self._timer = asyncio.get_running_loop().call_at(due, self._tick)

    def _tick(self) -> None:
        now = asyncio.get_running_loop().time()
        if calls := self._calls():
            for late_s in lateness(now - self._due):
                self._admission.push(now, late_s * 1000, calls)
                self._due += FRAME_S
        else:
            self._admission.forget()
            self._due = now + IDLE_S
        self._set(self._due)


def lateness(late_s: float) -> list[float]:
    """How late each frame is, in seconds, if the first is so late: those that fell due in the meantime are, too."""
    return [late_s - n * FRAME_S for n in range(max(0, int(late_s / FRAME_S)) + 1)]
