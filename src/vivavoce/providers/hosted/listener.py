"""A hosted recogniser at work in one call: the facts that a vendor tells become `UserWords` at caller samples.

A call keeps what no final has covered. When its connection dies, that is heard again by the next one, once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...audio.levels import Activity
from ...core.commands import Role, Usage
from ...core.events import Event, ProviderFailed, TurnScore, Used
from ..base import Pcm, Post, ProviderError
from .closing import Ended, cause
from .failures import stalled
from .link import Began, Fact, Judged, Link, Reached, Said
from .segment import Segment
from .tape import RATE, Tape

if TYPE_CHECKING:
    from .listening import HostedStt

_log = logging.getLogger(__name__)

_BEHIND = 10 * RATE
"""Unsent samples at which a call is told that the service cannot keep up."""
_REPLAY, _REPLAY_QUIET = 30 * RATE, 3 * RATE
"""Samples that a new connection gets again: with words that are not final, and without."""
_AGAIN_S, _AGAIN_MOST_S = 1.0, 30.0
_WINDOW = 80
"""Samples of the shortest piece whose level can be told."""


class Listener:
    """A recogniser listening to one call."""

    def __init__(self, stt: HostedStt, post: Post, phrases: list[str], link: Link) -> None:
        self._stt = stt
        self._post = post
        self._phrases = phrases
        self._manner = stt.manner
        self._tape = Tape(_REPLAY)
        self._segment = Segment(self._tape)
        self._owed: deque[int] = deque()
        """Where `finish` was asked for and not answered."""
        self._asked = False
        """The service was asked for the first of them."""
        self._timer: asyncio.TimerHandle | None = None
        self._late: asyncio.Future[BaseException] | None = None
        """Set when the service does not answer in time."""
        self._news = asyncio.Event()
        self._activity = Activity()
        self._sound_at = -1
        """Where something was heard last, if silence before speech is not sent."""
        self._behind = False
        self._allowed = _BEHIND
        self._repeated = False
        """The service hears again what another connection died of."""
        self._down: ProviderError | None = None
        """Why there is no connection now."""
        self._used = 0
        """Samples sent since the last `Used`."""
        self._closed = False
        self._link: Link | None = link
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"listening at {stt.model}")
        self._task.add_done_callback(self._ended)

    def feed(self, start: int, pcm: Pcm) -> None:
        """Audio from sample `start` on (int16, 16 kHz). Returns at once.

        Audio that comes twice is passed over, and a gap is left out. When the service falls 10 s behind, a
        `ProviderFailed` with code `overflow` is posted, and audio is lost until it has caught up.
        """
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise ValueError(f"audio is one row of int16, not {pcm.ndim} of {pcm.dtype}")
        if self._closed or not pcm.size:
            return
        if self._tape.unsent >= self._allowed:
            if not self._behind:
                self._behind = True
                detail = f"{self._stt.model} is 10 s behind; audio is lost until it has caught up"
                self._fail(ProviderError("overflow", detail))
            return
        if self._tape.unsent < _BEHIND // 2:
            self._behind, self._allowed = False, _BEHIND
        if self._manner.lead is not None:
            if not self._sounding:
                self._tape.keep(self._manner.lead)
            if pcm.size < _WINDOW or self._activity.push(pcm) < pcm.size:
                self._sound_at = start + pcm.size
        self._tape.push(start, pcm.tobytes())
        if self._down is not None:
            self._tape.keep(_REPLAY_QUIET)
        self._news.set()

    def finish(self, upto: int) -> None:
        """Finalise up to sample `upto`: a final `UserWords` follows, with empty text if nothing was said.

        When the service has no answer, a `ProviderFailed` takes its place.
        """
        if self._closed:
            return
        if self._down is not None:
            self._fail(self._down)
            return
        self._owed.append(upto)
        if len(self._owed) == 1:
            self._pass_over()
        self._news.set()

    async def close(self) -> None:
        """End the session; nothing is posted any more."""
        if not self._closed:
            self._meter()
            self._closed = True
            self._stt.release(self)
            self._task.cancel()
        await asyncio.wait([self._task])
        self._disarm()
        await self._hang_up()

    @property
    def _sounding(self) -> bool:
        """There is more to be sent than silence."""
        return self._manner.lead is None or self._sound_at > self._segment.floor

    # the connection

    async def _run(self) -> None:
        while self._link is not None:
            error = await self._serve(self._link)
            self._asked = False
            self._disarm()
            await self._hang_up()
            self._link = await self._recover(error)

    async def _hang_up(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await self._stt.hang_up(link)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("the call at %s broke", self._stt.model, exc_info=error)
            self._fail(self._stt.failure(error))

    async def _serve(self, link: Link) -> BaseException:
        """Talk over one connection until it ends. Returns why."""
        loop = asyncio.get_running_loop()
        self._late = loop.create_future()
        tasks = [loop.create_task(self._send(link)), loop.create_task(self._hear(link))]
        ends: list[asyncio.Future[Any]] = [*tasks, self._late]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            errors = await asyncio.gather(*tasks, return_exceptions=True)
        if self._late.done():
            return self._late.result()
        # What was heard last explains why nothing could be sent.
        return next((error for error in reversed(errors) if isinstance(error, Exception)), Ended())

    async def _send(self, link: Link) -> None:
        manner = self._manner
        while True:
            self._news.clear()
            due = self._owed[0] if self._owed and not self._asked else None
            pcm = self._tape.take(manner.least, manner.most, due) if self._sounding else b""
            if pcm:
                self._used += len(pcm) // 2
                if due is not None and manner.pad and len(pcm) // 2 < manner.least:
                    self._tape.pad(manner.least - len(pcm) // 2)
                    pcm = pcm.ljust(manner.least * 2, b"\0")
                await link.send(pcm)
            elif due is not None:
                self._asked = True
                self._arm(manner.answer_s if manner.quiet_s is None else manner.quiet_s)
                await link.finalise()
                if manner.settles and self._segment.stands:
                    self._settle()
            else:
                await self._wait(link)

    async def _wait(self, link: Link) -> None:
        try:
            async with asyncio.timeout(self._manner.keep_alive_s):
                await self._news.wait()
        except TimeoutError:
            await link.keep_alive()

    async def _hear(self, link: Link) -> None:
        while True:
            for fact in (await link.hear())[1]:
                self._take(fact)

    async def _recover(self, error: BaseException) -> Link:
        """The next connection."""
        idle = not (self._owed or self._segment.open or (self._sounding and self._manner.lead is not None))
        if not (idle and isinstance(cause(error), Ended)):
            self._fail(self._stt.failure(error))
        pause = 0.0
        if self._repeated:
            # This very audio may be what kills it.
            self._abandon()
            pause = _AGAIN_S
        self._tape.rewind(_REPLAY_QUIET if idle else _REPLAY)
        self._allowed = _BEHIND + self._tape.unsent
        self._segment.restart()
        while idle and not self._tape.unsent and not self._owed:
            self._news.clear()
            await self._news.wait()
        while True:
            await asyncio.sleep(pause)
            try:
                link = await self._stt.connect(self._phrases)
            except ProviderError as failed:
                if self._down is None:
                    self._fail(failed)
                    self._abandon()
                self._down = failed
                pause = min(max(_AGAIN_S, pause * 2), _AGAIN_MOST_S)
            else:
                self._down = None
                self._repeated = True
                return link

    def _abandon(self) -> None:
        """Nobody will hear what was not heard."""
        self._owed.clear()
        self._segment.close(self._tape.fed)
        self._tape.rewind(0)
        self._tape.keep(0)

    # what it tells

    def _take(self, fact: Fact) -> None:
        if self._closed:
            return
        match fact:
            case Said():
                self._said(fact)
            case Judged(p):
                self._tell(TurnScore(0, min(max(p, 0.0), 1.0)))
            case Began():
                self._segment.begin()
            case Reached(seconds):
                if self._asked and not self._segment.pending and self._tape.place(seconds, True) >= self._due():
                    self._settle()

    def _said(self, said: Said) -> None:
        segment = self._segment
        segment.hear(said, self._due() if self._asked else self._tape.at)
        if self._asked and said.last and (said.final or self._manner.settles):
            self._settle()
        elif said.final and not self._owed:
            if segment.text or segment.told:
                self._final(segment.end)
        else:
            self._tell_change()
            if self._asked and self._manner.settles and self._manner.quiet_s is not None:
                self._arm(self._manner.quiet_s)

    def _tell_change(self) -> None:
        if self._segment.changed():
            self._tell(self._segment.words(False))

    def _settle(self) -> None:
        """The first `finish` is answered by what was said."""
        self._disarm()
        self._asked = False
        upto = self._due()
        self._owed.popleft()
        self._final(upto)
        self._tell_change()
        self._pass_over()
        self._news.set()

    def _pass_over(self) -> None:
        """Answer for audio that is finished already, or that was nothing but silence."""
        while self._owed and (self._due() <= self._segment.floor or not self._sounding):
            upto = self._due()
            self._owed.popleft()
            self._final(upto)

    def _due(self) -> int:
        return min(self._owed[0], self._tape.fed)

    def _final(self, upto: int) -> None:
        self._tell(self._segment.words(True, upto))
        self._segment.close(upto)
        self._tape.forget(upto)
        self._repeated = False
        self._meter()

    def _meter(self) -> None:
        if self._used:
            seconds, self._used = self._used / RATE, 0
            self._tell(Used(Usage(Role.STT, self._stt.model, (("seconds", seconds),))))

    def _tell(self, event: Event) -> None:
        if not self._closed:
            self._post(event)

    def _fail(self, error: ProviderError) -> None:
        self._tell(ProviderFailed(Role.STT, error.code, error.detail))

    # time

    def _arm(self, seconds: float, then: Callable[[], Any] | None = None) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(seconds, then or self._quiet)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _quiet(self) -> None:
        """The service had nothing to say for a while after it was asked for final words."""
        manner = self._manner
        self._segment.split(self._due())
        taken = manner.settles or self._segment.stands or not self._segment.pending
        if manner.quiet_s is not None and taken:
            self._settle()
        elif manner.quiet_s is not None:
            self._arm(max(0.0, manner.answer_s - manner.quiet_s), self._give_up)
        else:
            self._give_up()

    def _give_up(self) -> None:
        upto = self._due()
        self._owed.popleft()
        self._segment.close(upto)
        self._tape.forget(upto)
        if self._late is not None and not self._late.done():
            self._late.set_result(stalled(self._stt.service, self._manner.answer_s))
