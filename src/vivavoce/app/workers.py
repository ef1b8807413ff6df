"""Several processes that serve one port, and their parent, which runs no calls.

The parent accepts each connection and hands it to the worker with the fewest, so that calls are spread evenly on any
system: where workers accept for themselves, the kernel decides by chance, or always for the same one. Once handed over,
nothing of a connection passes through the parent. It also keeps what must outlive a worker: client secrets.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .http import post
from .http.board import Board, Column
from .http.remote_vault import answer_for
from .http.run import bind, url_of
from .http.tls import Tls
from .http.vault import Vault
from .worker import BOARD, PARENT, VARIABLE, Orders, give_orders

END_S = 10.0
"""What a worker gets to end by itself."""
_STABLE_S = 10.0
"""A worker that lived so long is replaced at once."""
_WAITS_S = (0.5, 2.0, 10.0)
"""... and others after such a time."""
_LAST_WORDS_S = 1.0
_LONGEST_LINE = 1 << 16
_MOST_LINES = 200
"""Kept of a worker that is not ready yet."""


@dataclass(slots=True)
class Worker:
    """One worker, and those who take its place when it dies."""

    number: int
    process: asyncio.subprocess.Process
    control: socket.socket
    """Our end."""
    ready: bool = False
    page: bool = False
    """There is one for callers over WebRTC."""
    given: int = 0
    """Connections that it got."""
    early: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST_LINES))
    """What it said before it was ready."""


class Workers:
    """The workers of one server. `run` is all there is to do."""

    def __init__(
        self,
        command: Sequence[str],
        count: int,
        *,
        host: str,
        port: int,
        keys: tuple[str, ...],
        tls: Tls | None,
        say: Callable[[str], None],
        on_ready: Callable[[str, bool], Awaitable[None]],
    ) -> None:
        """`command` begins a worker. `say` gets lines for people, of the workers and about them. `on_ready` gets the
        base URL and whether there is a page, once all of them serve; it is cancelled when they end."""
        self._command = command
        self._count = count
        self._host, self._port = host, port
        self._keys, self._tls = keys, tls
        self._say = say
        self._on_ready = on_ready
        self._vault = Vault()
        self._workers: dict[int, Worker] = {}
        self._listeners: list[socket.socket] = []
        self._accepting = False
        self._stop = asyncio.Event()
        self._all_ready = asyncio.Event()
        self._code = 0

    @property
    def calls(self) -> int:
        """How many there are, in all workers."""
        return self._board.total(Column.CALLS)

    async def run(self) -> int:
        """Serve until SIGINT or SIGTERM. The exit code: not 0 when a worker could not even begin. Raises BadInput."""
        self._listeners = await bind(self._host, self._port, not self._keys)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._signalled)
        with tempfile.TemporaryDirectory(prefix="vivavoce-") as folder:
            self._folder = Path(folder)
            self._board = Board.make(self._folder / BOARD, self._count)
            server = await post.listen(self._folder / PARENT, self._attend)
            tending = [asyncio.create_task(self._tend(number + 1)) for number in range(self._count)]
            greeting = asyncio.create_task(self._greet())
            stopping = asyncio.create_task(self._stop.wait())
            try:
                # Nobody gives up tending by himself: it is the end, or a bug.
                await asyncio.wait((*tending, stopping), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (greeting, stopping):
                    task.cancel()
                await self._end(tending)
                await asyncio.gather(greeting, stopping, return_exceptions=True)
                server.close()
                self._board.close()
            await asyncio.gather(*tending)
        return self._code

    async def _greet(self) -> None:
        await self._all_ready.wait()
        self._accept(True)
        await self._on_ready(
            url_of(self._host, self._listeners, self._tls), any(w.page for w in self._workers.values())
        )

    def _signalled(self) -> None:
        again = self._stop.is_set()
        self._stop.set()
        self._accept(False)
        for listener in self._listeners:
            listener.close()
        for worker in self._workers.values():
            with suppress(ProcessLookupError):
                worker.process.kill() if again else worker.process.terminate()

    async def _end(self, tending: list[asyncio.Task[None]]) -> None:
        """Whatever happened: nobody is left."""
        if not self._stop.is_set():
            self._signalled()
        _, left = await asyncio.wait(tending, timeout=END_S)
        if left:
            self._signalled()
            await asyncio.wait(left)

    # one worker

    async def _tend(self, number: int) -> None:
        """Keep one running, whoever it is."""
        loop, fast = asyncio.get_running_loop(), 0
        while not self._stop.is_set():
            worker, begun = await self._begin(number), loop.time()
            code = await self._until_gone(worker)
            if self._stop.is_set():
                return
            if not self._all_ready.is_set() and not worker.ready:
                # It will not be better the next time: what it said is why.
                self._tell_early(worker)
                self._code = code if code > 0 else 1
                self._signalled()
                return
            why = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
            lost = self._board.get(number, Column.CALLS)
            self._board.clear(number)
            self._tell_early(worker)
            self._say(f"worker {number} {why}; calls lost with it: {lost}; another one takes its place")
            fast = 0 if loop.time() - begun >= _STABLE_S else fast + 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _WAITS_S[min(fast, len(_WAITS_S)) - 1] if fast else 0.0)

    async def _begin(self, number: int) -> Worker:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, VARIABLE: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                # Ctrl-C is the parent's business.
                start_new_session=True,
            )
        tls = None if self._tls is None else (str(self._tls.cert), str(self._tls.key), self._tls.fingerprint)
        with suppress(OSError):
            # One that is dead already is noticed where that is waited for.
            give_orders(ours, Orders(number, self._count, str(self._folder), self._keys, tls))
        ours.setblocking(False)
        worker = self._workers[number] = Worker(number, process, ours)
        if self._stop.is_set():
            process.terminate()
        return worker

    async def _until_gone(self, worker: Worker) -> int:
        """Pass on what it says. Its exit code, or a signal, negative."""
        listening = asyncio.create_task(self._listen(worker))
        code = await worker.process.wait()
        # Programs that it started may have its standard error open for ever.
        await asyncio.wait((listening,), timeout=_LAST_WORDS_S)
        listening.cancel()
        worker.control.close()
        del self._workers[worker.number]
        self._accept(self._accepting)
        return code

    async def _listen(self, worker: Worker) -> None:
        assert worker.process.stderr is not None
        rest = b""
        while chunk := await worker.process.stderr.read(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._hear(worker, line.decode(errors="replace"))
        if rest:
            self._hear(worker, rest.decode(errors="replace"))

    def _hear(self, worker: Worker, line: str) -> None:
        if worker.ready:
            self._say(f"worker {worker.number}: {line}")
        else:
            worker.early.append(line)

    def _tell_early(self, worker: Worker) -> None:
        """What a worker says before it is ready, all of them say: the first one is enough, and who fails."""
        name = f"worker {worker.number}: " if self._all_ready.is_set() else ""
        while worker.early:
            self._say(name + worker.early.popleft())

    async def _attend(self, wire: post.Wire) -> None:
        """What a worker asks of us."""
        question = await wire.receive()
        match question:
            case {"do": "ready", "worker": int(number), "page": bool(page)} if number in self._workers:
                self._is_ready(self._workers[number], page)
                await wire.send(True)
            case _:
                await wire.send(await answer_for(self._vault, question))

    def _is_ready(self, worker: Worker, page: bool) -> None:
        again = self._all_ready.is_set()
        if not again and worker.number == 1:
            self._tell_early(worker)
        worker.early.clear()
        worker.ready, worker.page = True, page
        if again:
            self._say(f"worker {worker.number} is there again")
            self._accept(self._accepting)
        elif len(self._workers) == self._count and all(one.ready for one in self._workers.values()):
            self._all_ready.set()

    # connections

    def _accept(self, on: bool) -> None:
        """Take connections, while there is somebody to hand them to; else the kernel keeps them."""
        self._accepting = on
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            if listener.fileno() < 0:
                continue
            loop.remove_reader(listener)
            if on and any(worker.ready for worker in self._workers.values()):
                loop.add_reader(listener, self._take, listener)

    def _take(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            # Most likely too many open files: what is there must end first.
            self._say(f"connections cannot be accepted for a second: {error.strerror}")
            self._accept(False)
            asyncio.get_running_loop().call_later(1.0, self._accept_again)
            return
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for worker in sorted(self._workers.values(), key=self._load):
                if worker.ready and _hand(worker, connection):
                    return

    def _accept_again(self) -> None:
        if not self._stop.is_set():
            self._accept(True)

    def _load(self, worker: Worker) -> tuple[int, int]:
        """Those who refuse calls come last, then those with most connections and calls over WebRTC."""
        board, number = self._board, worker.number
        held = worker.given - board.get(number, Column.CLOSED) + board.get(number, Column.PEERS)
        return board.get(number, Column.BUSY), held


def _hand(worker: Worker, connection: socket.socket) -> bool:
    """False when it cannot take it: it is stuck, or dying."""
    try:
        socket.send_fds(worker.control, [b"\0"], [connection.fileno()])
    except OSError:
        return False
    worker.given += 1
    return True
