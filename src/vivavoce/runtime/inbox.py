"""The one queue of events of a session: bounded, in order, with one reader that can wait until a deadline."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from ..core.commands import Role
from ..core.events import CallEnded, Event, ProviderFailed, UserSound

LIMIT = 4096
CROWD = 256


class Inbox:
    """Not thread-safe: the session's loop owns it.

    From `CROWD` waiting events on, neighbouring windows of the caller's sound are merged into one. An inbox that is
    full all the same means that the session no longer keeps up: it then takes nothing more but a report of that and
    the end of the call.
    """

    def __init__(self, limit: int = LIMIT, crowd: int = CROWD, stand_in: Callable[[], bool] = lambda: True) -> None:
        """`stand_in`: does what a reader that waits would do, and says whether it is to be woken all the same."""
        self._stand_in = stand_in
        self._limit = limit
        self._crowd = crowd
        self._events: deque[Event] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._timer: asyncio.Handle | None = None
        """Rings sometimes too early: deadlines mostly move on, and a new timer costs more than a look."""
        self._due = 0.0
        """... at this time of the loop. Not every loop's timers can tell."""
        self._full = False
        self.merged = 0
        """Windows of sound that were merged into the one before."""

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Event) -> None:
        """Queue an event and wake the reader; never blocks."""
        if self._full:
            return
        crowded = len(self._events) >= self._crowd
        if crowded and isinstance(event, UserSound) and isinstance(last := self._events[-1], UserSound):
            self._events[-1] = merge(last, event)
            self.merged += 1
        elif len(self._events) >= self._limit:
            self._full = True
            detail = f"{self._limit} events wait; the session does not keep up"
            self._events.append(ProviderFailed(Role.TRANSPORT, "overflow", detail))
            self._events.append(CallEnded("overflow"))
        else:
            self._events.append(event)
        self.wake()

    def give(self, event: Event) -> None:
        """The same, where nobody is in the midst of anything: who stands in for the reader takes it at once."""
        if self.idle and not self._full:
            self._events.append(event)
            self._serve()
        else:
            self.put(event)

    @property
    def idle(self) -> bool:
        """The reader has done everything, and waits."""
        return self._waiting is not None and not self._events and not self._waiting.done()

    def wake_by(self, until: float) -> None:
        """The reader is to look again at this time of the loop at the latest."""
        if self._timer is None or until < self._due:
            self._ring_at(until)

    def take(self) -> Event | None:
        """The oldest event, or None."""
        return self._events.popleft() if self._events else None

    def wake(self) -> None:
        """Let the reader look again."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self, until: float | None) -> None:
        """Return when there is an event, the loop's clock shows `until` (seconds), or earlier."""
        if self._events:
            return
        self._waiting = asyncio.get_running_loop().create_future()
        if until is not None:
            self.wake_by(until)
        try:
            await self._waiting
        finally:
            self._waiting = None

    def close(self) -> None:
        """Nobody will read any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _ring_at(self, until: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = until
        self._timer = asyncio.get_running_loop().call_at(until, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self.idle:
            self._serve()

    def _serve(self) -> None:
        # Nobody waits meanwhile.
        reader, self._waiting = self._waiting, None
        try:
            wanted = self._stand_in()
        finally:
            self._waiting = reader
        if wanted or self._events:
            self.wake()


def merge(first: UserSound, second: UserSound) -> UserSound:
    """Two neighbouring windows as one: as likely speech as the likelier of them, quiet since the last sound in it."""
    likelier = second if second.p >= first.p else first
    quiet = second.quiet if second.quiet < second.samples else second.samples + first.quiet
    return replace(likelier, start=first.start, samples=first.samples + second.samples, quiet=quiet)
