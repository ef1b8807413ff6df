"""Realtime calls on virtual time: real sessions with engines of data, and clients in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bench.instant import LoudVads
from tests.runtime.fakes import ScriptLlm, Step
from tests.transports.peer import LONG_S, Peer, tidy

from vivavoce.app import mcp
from vivavoce.app.http.socket import Opening
from vivavoce.app.instant import InstantStt, InstantSttCall, InstantTts
from vivavoce.app.prices.table import PriceTable
from vivavoce.app.realtime import RealtimeCalls, Settings
from vivavoce.providers.base import Post
from vivavoce.runtime.clock import run
from vivavoce.runtime.engines import Engines

RATE = 24_000
FOR_EVER = -1
ANSWER: tuple[Step, ...] = ("It is ", "noon, ", "and it rains. ", "Take a ", "coat with you.")
WEATHER = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}
TOWN = {"type": "mcp", "server_label": "town", "server_url": "http://town.invalid/", "require_approval": "never"}


def sound(ms: int) -> bytes:
    """A loud tone: somebody speaks."""
    return (8_000 * np.sin(np.arange(RATE * ms // 1000) * 0.05)).astype("<i2").tobytes()


def quiet(ms: int) -> bytes:
    return bytes(2 * RATE * ms // 1000)


class DeafStt(InstantStt):
    """Never comes to an end with anything."""

    async def open(self, post: Post, expect: Sequence[str] = ()) -> InstantSttCall:
        return InstantSttCall(lambda event: None)


class SlowTts(InstantTts):
    """Takes its time for each word, as slow as it is spoken."""

    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Any]:
        async for piece in super().speak(text, voice, speed):
            await asyncio.sleep(0.3)
            yield piece


class Office:
    """The sessions of a server, and their clients."""

    def __init__(
        self,
        *answers: Sequence[Step],
        record: Path | None = None,
        most_s: int = 3600,
        voices: tuple[str, ...] = ("tone",),
        prices: PriceTable | None = None,
        **engines: Any,
    ):
        self.llm = ScriptLlm(*(answers or (ANSWER,)))
        self.lines: list[str] = []
        given = {"stt": InstantStt(), "tts": InstantTts()} | engines
        made = Engines(LoudVads(), self.llm, given["tts"], given["stt"])
        settings = Settings("viva", "Be brief.", voices, most_s=most_s, record=record, prices=prices or PriceTable())
        self.calls = RealtimeCalls(made, settings, self.lines.append)
        self.handlers: list[asyncio.Task[None]] = []
        self.peers: list[Peer] = []

    def connect(self, call_id: str | None = None, **session: Any) -> Peer:
        """A client that has opened its socket, with a secret that is bound to `session`."""
        peer = Peer()
        opening = Opening("viva", session.get("type", "realtime"), call_id, session, "anyone", "")
        self.handlers.append(asyncio.create_task(self.calls.handle(opening, peer), name="handler"))
        self.peers.append(peer)
        return peer

    async def call(self) -> Peer:
        """A client that was told of its session."""
        peer = self.connect()
        created = await peer.expect("session.created")
        peer.id = created["session"]["id"]
        return peer

    async def over(self, within_s: float = 3.0) -> None:
        """All handlers end in time."""
        done, late = await asyncio.wait(self.handlers, timeout=within_s)
        assert not late, f"still there after {within_s} s"
        for task in done:
            assert task.cancelled() or task.exception() is None


def play(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """On virtual time; nothing may be left."""

    async def watched() -> None:
        async with tidy():
            await asyncio.wait_for(main(), 100 * LONG_S)

    run(watched(), realtime=False)


@dataclass
class FakeMcp:
    """An MCP client with one tool. `lists` and `answers`: does it ever?"""

    lists: bool = True
    answers: bool = True
    open: int = 0

    @asynccontextmanager
    async def client(self, server: Any) -> AsyncIterator[Any]:
        self.open += 1
        try:
            yield self
        finally:
            self.open -= 1

    async def list_tools(self, cursor: str | None = None) -> Any:
        if not self.lists:
            await asyncio.Event().wait()
        schema = {"type": "object", "properties": {}}
        tool = SimpleNamespace(name="look_out", description="", input_schema=schema, annotations=None)
        return SimpleNamespace(tools=[tool], next_cursor=None)

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        if not self.answers:
            await asyncio.Event().wait()
        return SimpleNamespace(content=[SimpleNamespace(type="text", text="Rain.")], is_error=False)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> FakeMcp:
        monkeypatch.setattr(mcp, "connected", self.client)
        return self
