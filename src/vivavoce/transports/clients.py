"""Moves messages between the clients of a session, the protocol's machine and the conversation.

Everything that a client asks for reaches the conversation in the order in which it was sent.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Protocol

from ..audio.pcm import Pcm
from ..core.commands import Why
from ..core.events import ItemCreated
from ..core.notices import Notice
from ..wire.openai_realtime.effects import Act, Configure, Connect, Direct, Effect, Hear, Recognise, Send, Shut
from ..wire.openai_realtime.server import Server
from .base import Post

MOST_UNSENT = 32 << 20
"""Characters that may wait for a client that does not read."""
MOST_WAITING = 64 << 20
"""Characters of messages that may wait to be carried out. Beyond that nobody is read: the clients wait too."""
_TURN = 8
"""Messages of one client before everybody else has a turn."""

Ordered = Hear | Act | Configure | Recognise
"""What is done in the order in which it was asked for."""


class Socket(Protocol):
    """One WebSocket that was accepted, or something like it."""

    async def receive(self) -> str | bytes | None:
        """The next message; None when the peer is gone or the socket was closed."""
        ...

    async def send(self, text: str) -> None:
        """Send one text frame; returns when the transport has taken it. Silent when the peer is gone.

        A peer that does not read for long is dropped.
        """
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close. Safe to call twice."""
        ...


class Clients:
    """The clients of one session. Number 0 is the caller's; more may listen in and steer.

    Half of a transport: the other half is the audio.
    """

    reports_playback = False
    owner = ""
    """Whose call it is: who else may listen in."""

    def __init__(
        self,
        server: Server,
        configure: Callable[[Configure], None],
        connect: Callable[[Connect], None],
        recognise: Callable[[Pcm, int], Coroutine[Any, Any, str]],
        direct: Callable[[Direct], None],
    ) -> None:
        """`configure`, `connect` and `direct` carry out what the protocol's machine asks for; called on the loop, in
        order. `recognise` finds the words in samples at a rate; it never raises."""
        self._server = server
        self._configure = configure
        self._connect = connect
        self._recognise = recognise
        self._direct = direct
        self._post: Post | None = None
        self._outboxes: dict[int, _Outbox] = {}
        self._listeners = itertools.count(1)
        self._caller = False
        """There is or was a caller."""
        self._waiting: deque[tuple[Ordered, int]] = deque()
        """With the characters that each came in."""
        self._size = 0
        self._more = asyncio.Event()
        self._less = asyncio.Event()
        self._backlog_ms = 0.0
        self._gone = asyncio.Event()

    # the sockets

    async def serve(self, socket: Socket, caller: bool = True) -> None:
        """Talk with a client until it or the session is gone. There is one caller; who comes later listens in."""
        if self._gone.is_set():
            await socket.close(1000, "")
            return
        number = next(self._listeners) if self._caller or not caller else 0
        self._caller = self._caller or caller
        outbox = self._outboxes[number] = _Outbox(socket)
        sending = asyncio.get_running_loop().create_task(outbox.run(), name=f"sender {number}")
        try:
            self.perform(self._server.attach(number))
            count = 0
            while not outbox.closed and (message := await socket.receive()) is not None:
                effects = self._server.receive(self._now(), message, number, self._backlog_ms)
                self.perform(effects, len(message))
                count += 1
                while self._size > MOST_WAITING and not self._gone.is_set():
                    self._less.clear()
                    await self._less.wait()
                if count % _TURN == 0:
                    # Messages that are there already must not keep the loop from the audio of others.
                    await asyncio.sleep(0)
        finally:
            self._outboxes.pop(number, None)
            if number == 0:
                self.hang_up()
            await outbox.finish(sending)

    def perform(self, effects: list[Effect], size: int = 0) -> None:
        """Carry out what the protocol's machine asks for. `size`: characters of the message that led to it."""
        for effect in effects:
            match effect:
                case Send(text, to):
                    for number, outbox in list(self._outboxes.items()):
                        if to is None or to == number:
                            outbox.put(text)
                case Shut(code, reason, to):
                    for number, outbox in list(self._outboxes.items()):
                        if to is None or to == number:
                            outbox.close(code, reason)
                    if to is None:
                        self.hang_up()
                case Connect():
                    self._connect(effect)
                case Direct():
                    self._direct(effect)
                case _:
                    self._put(effect, size)
                    size = 0

    @property
    def over(self) -> bool:
        """Is the line gone?"""
        return self._gone.is_set()

    def hang_up(self) -> None:
        """The line is gone."""
        self._gone.set()
        self._more.set()
        self._less.set()

    def _put(self, effect: Ordered, size: int) -> None:
        if isinstance(effect, Hear):
            self._backlog_ms += effect.pcm.size * 1000 / effect.rate
        self._waiting.append((effect, size))
        self._size += size
        self._more.set()

    async def _next(self) -> Ordered | None:
        """What is to be done next; None when the line is gone."""
        while not self._waiting and not self._gone.is_set():
            self._more.clear()
            await self._more.wait()
        if self._gone.is_set():
            return None
        effect, size = self._waiting.popleft()
        self._size -= size
        self._less.set()
        return effect

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # the transport

    def attach(self, post: Post) -> None:
        self._post = post

    def observe(self, now: int, notice: Notice, why: Why) -> None:
        self.perform(self._server.observe(self._now(), notice, why))

    async def _act(self, effect: Act | Configure | Recognise) -> None:
        assert self._post is not None
        match effect:
            case Configure():
                self._configure(effect)
            case Act(event):
                self._post(event)
            case Recognise(pcm, rate, item, after):
                text = await self._words(pcm, rate)
                if text is None:
                    return
                self.perform(self._server.recognised(item.id, text, pcm.size / rate))
                self._post(ItemCreated(replace(item, text=text), after))

    async def _words(self, pcm: Pcm, rate: int) -> str | None:
        """The words in some audio; None when the line is gone before they are found."""
        loop = asyncio.get_running_loop()
        finding, going = loop.create_task(self._recognise(pcm, rate)), loop.create_task(self._gone.wait())
        try:
            await asyncio.wait((finding, going), return_when=asyncio.FIRST_COMPLETED)
            return None if self._gone.is_set() else finding.result()
        finally:
            for task in (finding, going):
                task.cancel()
            await asyncio.gather(finding, going, return_exceptions=True)

    async def close(self) -> None:
        """Say goodbye to everybody who is still there."""
        self.hang_up()
        for outbox in list(self._outboxes.values()):
            outbox.close(1000, "")


class _Outbox:
    """What is to be sent over one socket, in order."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._texts: deque[str] = deque()
        self._more = asyncio.Event()
        self._unsent = 0
        self._goodbye: tuple[int, str] | None = None
        self.closed = False
        """Nothing more is sent or received."""

    def put(self, text: str) -> None:
        """A client that does not read is given up."""
        if self._goodbye is not None or self.closed:
            return
        self._unsent += len(text)
        if self._unsent > MOST_UNSENT:
            self._texts.clear()
            self.close(1013, "the client does not read")
            return
        self._texts.append(text)
        self._more.set()

    def close(self, code: int, reason: str) -> None:
        """After what is there."""
        if self._goodbye is None:
            self._goodbye = (code, reason)
            self._more.set()

    async def run(self) -> None:
        """Send until closed."""
        while True:
            while self._texts:
                text = self._texts.popleft()
                self._unsent -= len(text)
                await self._socket.send(text)
            if self._goodbye is not None:
                self.closed = True
                await self._socket.close(*self._goodbye)
                return
            self._more.clear()
            await self._more.wait()

    async def finish(self, sending: asyncio.Task[None]) -> None:
        """The peer is gone, or was told goodbye."""
        self.close(1000, "")
        try:
            async with asyncio.timeout(1.0):
                await sending
        except TimeoutError:
            self.closed = True
