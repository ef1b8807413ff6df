"""A vendor without a network: what its links are told is kept, and they say what a test puts into them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from vivavoce.providers.hosted.link import Fact, Link, Manner
from vivavoce.providers.hosted.listening import HostedStt


class StubStt(HostedStt):
    vendor = "stub"
    variable = "STUB_API_KEY"

    def __init__(self, **manner: Any) -> None:
        super().__init__("model", "key")
        self.manner = Manner(**{"least": 160, "quiet_s": 0.02, "answer_s": 0.05, **manner})  # type: ignore[misc]
        self.links: list[StubLink] = []
        self.sticks = False
        self.blocks = False
        self.phrases: list[str] = []

    def load(self) -> None:
        return None

    async def dial(self, phrases: list[str]) -> Link:
        self.phrases = phrases
        self.links.append(StubLink(self))
        return self.links[-1]


class StubLink(Link):
    def __init__(self, stt: StubStt) -> None:
        self.stt = stt
        self.inbox: asyncio.Queue[Any] = asyncio.Queue()
        self.inbox.put_nowait(())
        self.sent = b""
        self.asked = 0
        self.asked_after = 0
        self.alive = 0
        self.closed = 0
        self.aborted = False

    def say(self, *facts: Fact) -> None:
        self.inbox.put_nowait(facts)

    def die(self, error: Exception) -> None:
        self.inbox.put_nowait(error)

    async def receive(self) -> Any:
        message = await self.inbox.get()
        if isinstance(message, Exception):
            raise message
        return message

    def read(self, message: Any) -> Iterable[Fact]:
        return message

    async def send(self, pcm: bytes) -> None:
        if self.stt.blocks:
            await asyncio.Event().wait()
        self.sent += pcm

    async def finalise(self) -> None:
        self.asked += 1
        self.asked_after = len(self.sent)

    async def keep_alive(self) -> None:
        self.alive += 1

    async def close(self) -> None:
        if self.stt.sticks:
            await asyncio.Event().wait()
        self.closed += 1

    @property
    def socket(self) -> Any:
        return self

    @property
    def transport(self) -> Any:
        return self

    def abort(self) -> None:
        self.aborted = True
