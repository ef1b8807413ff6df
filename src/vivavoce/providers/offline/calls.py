"""Recognisers in worker processes, some calls to a process. What each kind of them adds is how its workers start."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import numpy as np

from ...core.commands import Role, Usage
from ...core.events import ProviderFailed, Used, UserWords
from ..base import Pcm, Post, ProviderError
from .framing import Answer
from .listener import Heard
from .recogniser import Feed, Finish, Open, Request, Shut, Told
from .worker import Worker

_log = logging.getLogger(__name__)
_decode = msgspec.msgpack.Decoder(Told).decode

_EXPECTED = 2000
_BEHIND = 10 * 16_000
"""Unanswered samples at which a call is told that the recogniser cannot keep up."""
_PIECE = 16_000
"""Samples of one request at most, so that no call holds up the others for long."""
REQUESTS = 8192
"""Open requests of one process: far more than 10 s of 20 ms frames from each of its calls."""
_REPLAY = 30 * 16_000
"""Samples of the open segment kept for a new process when the old one died."""
_AGAIN_S = 1.0


class WorkerStt:
    """`work` makes a worker, which serves `calls` calls. A subclass names them."""

    def __init__(self, model: str, work: Callable[[], Worker], calls: int) -> None:
        self.model = model
        self._work = work
        self._calls = calls
        self._hosts: list[_Host] = []
        self._last_call = 0
        self._closed = False

    @property
    def outstanding(self) -> int:
        """Requests that worker processes have not answered yet."""
        return sum(host.worker.outstanding for host in self._hosts)

    async def start(self) -> None:
        """Have a worker process ready before the first call. Raises `ProviderError`."""
        await self._host().worker.start()

    async def open(self, post: Post, expect: Sequence[str] = ()) -> WorkerCall:
        """A recogniser for one call. `expect`: phrases the agent is likely to hear, beyond what everybody says.

        Raises `ProviderError`: `died`, `timeout`, `closed`.
        """
        host = self._host()
        host.calls += 1
        self._last_call += 1
        call = WorkerCall(self, host, self._last_call, post, tuple(expect[:_EXPECTED]))
        try:
            await call.open()
        except BaseException:
            await call.close()
            raise
        return call

    async def release(self, host: _Host) -> None:
        """A call on `host` is over."""
        host.calls -= 1
        if not host.calls and host in self._hosts[1:]:
            self._hosts.remove(host)
            await host.worker.close()

    async def close(self) -> None:
        """End all worker processes and wait until they are gone."""
        self._closed = True
        await asyncio.gather(*(host.worker.close() for host in self._hosts))

    def _host(self) -> _Host:
        if self._closed:
            raise ProviderError("closed", "the recogniser was closed")
        for host in self._hosts:
            if host.calls < self._calls:
                return host
        host = _Host(self._work())
        self._hosts.append(host)
        return host


class _Host:
    """A worker process, and how many calls it serves."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.calls = 0


class WorkerCall:
    """A recogniser listening to one call. When its process dies, the open segment is heard again by the next one."""

    def __init__(self, stt: WorkerStt, host: _Host, call: int, post: Post, expect: tuple[str, ...]) -> None:
        self._stt = stt
        self._host = host
        self._call = call
        self._post = post
        self._expect = expect
        self._segment = 0
        self._life = 0
        """Counts the times this call was opened: answers to earlier lives are void."""
        self._generation = host.worker.generation
        self._audio: deque[tuple[int, bytes]] = deque()
        """What may have to be heard again: (position, int16) since the last final."""
        self._kept = 0
        self._owed: list[int] = []
        self._unanswered = 0
        """Samples sent and not answered yet."""
        self._allowed = _BEHIND
        self._behind = False
        self._replayed = False
        self._down_since: float | None = None
        self._fed = 0
        self._closed = False

    async def open(self) -> None:
        """Wait until the process has everything loaded for this call. Raises `ProviderError`."""
        told = _decode(await self._host.worker.ask(Open(self._call, self._expect)))
        if told.guessed:
            _log.info("pronunciation guessed for %s", ", ".join(told.guessed))

    def feed(self, start: int, pcm: Pcm) -> None:
        """Audio from sample `start` on (int16, 16 kHz). Returns at once.

        Audio that comes twice is passed over; a gap is taken as silence. When the recogniser falls 10 s behind, a
        `ProviderFailed` with code `overflow` is posted, and audio is lost until it has caught up.
        """
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise ValueError(f"audio is one row of int16, not {pcm.ndim} of {pcm.dtype}")
        for at in range(0, len(pcm), _PIECE):
            self._feed(start + at, pcm[at : at + _PIECE].tobytes())

    def finish(self, upto: int) -> None:
        """Finalise up to sample `upto`: a final `UserWords` follows, with empty text if nothing was said."""
        if self._closed:
            return
        self._owed.append(upto)
        if self._down_since is None:
            self._tell(Finish(self._call, upto))
        else:
            self._revive()

    async def close(self) -> None:
        """Nothing is posted any more."""
        if self._closed:
            return
        self._closed = True
        self._audio.clear()
        try:
            self._host.worker.send(Shut(self._call), lambda answer: None)
        except ProviderError as error:
            _log.debug("no need to end call %d in its process: %s", self._call, error)
        await self._stt.release(self._host)

    def _feed(self, start: int, data: bytes) -> None:
        if self._closed:
            return
        if self._unanswered >= self._allowed:
            if not self._behind:
                self._behind = True
                self._failed("overflow", "the recogniser is 10 s behind; audio is lost until it has caught up")
            return
        self._keep(start, data)
        self._fed += len(data) // 2
        if self._down_since is None:
            self._tell(Feed(self._call, start, data))
        elif asyncio.get_running_loop().time() - self._down_since > _AGAIN_S:
            self._revive()

    def _tell(self, request: Request) -> None:
        """Send what is also kept for a later life."""
        if self._generation == self._host.worker.generation:
            self._send(request)
        else:
            self._lost("died", self._host.worker.why)

    def _send(self, request: Request) -> bool:
        try:
            self._host.worker.send(request, partial(self._answered, self._life, request))
        except ProviderError as error:
            self._down_since = asyncio.get_running_loop().time()
            self._failed(error.code, error.detail)
            return False
        self._unanswered += _samples(request)
        return True

    def _answered(self, life: int, request: Request, answer: Answer) -> None:
        if self._closed or life != self._life:
            return
        if answer.code:
            self._lost(answer.code, answer.detail)
            return
        if answer.last:
            self._unanswered -= _samples(request)
            self._behind = self._behind and self._unanswered > self._allowed // 2
        for heard in _decode(answer.body).heard:
            self._post(UserWords(heard.segment, heard.text, heard.final, heard.start, heard.end, heard.times))
            if heard.final:
                self._settle(heard, request)

    def _settle(self, heard: Heard, request: Request) -> None:
        """A segment is final: it need not be heard again."""
        upto = heard.end
        if isinstance(request, Finish):
            self._owed.remove(request.upto)
            upto = max(upto, request.upto)
        self._segment = heard.segment + 1
        self._replayed = False
        self._allowed = _BEHIND
        while self._audio and self._audio[0][0] + len(self._audio[0][1]) // 2 <= upto:
            self._kept -= len(self._audio.popleft()[1]) // 2
        seconds, self._fed = self._fed / 16_000, 0
        self._post(Used(Usage(Role.STT, self._stt.model, (("seconds", seconds),))))

    def _lost(self, code: str, detail: str) -> None:
        """The process is gone, or has lost this call: say so, and go on with the next."""
        self._failed(code, detail)
        if self._replayed:
            # This very audio may be what kills it.
            self._audio.clear()
            self._kept = 0
        if code != "closed":
            self._revive()

    def _revive(self) -> None:
        """Open the call again and repeat what no final has covered."""
        self._life += 1
        self._generation = self._host.worker.generation
        self._unanswered = 0
        self._down_since = None
        self._replayed = bool(self._audio)
        self._allowed = _BEHIND + self._kept
        requests: list[Request] = [Open(self._call, self._expect, self._segment)]
        requests += [Feed(self._call, start, data) for start, data in self._audio]
        requests += [Finish(self._call, upto) for upto in self._owed]
        for request in requests:
            if not self._send(request):
                return

    def _keep(self, start: int, data: bytes) -> None:
        self._audio.append((start, data))
        self._kept += len(data) // 2
        while self._kept > _REPLAY:
            self._kept -= len(self._audio.popleft()[1]) // 2

    def _failed(self, code: str, detail: str) -> None:
        self._post(ProviderFailed(Role.STT, code, detail))


def _samples(request: Request) -> int:
    return len(request.pcm) // 2 if isinstance(request, Feed) else 0
