"""Two processes' calls, in one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from vivavoce.app.http import post
from vivavoce.app.http.marks import mark_of
from vivavoce.app.http.neighbours import Neighbours, path_of
from vivavoce.app.http.socket import Opening

CALL = f"rtc_{mark_of(2)}abcdefghijklmn"


class Local:
    """The calls of one process: those named; whoever joins one hears an echo, and a goodbye after `stop`."""

    def __init__(self, *calls: str) -> None:
        self.calls = set(calls)
        self.heard: list[str | bytes] = []
        self.left = asyncio.Event()

    async def has(self, call_id: str, owner: str) -> bool:
        return call_id in self.calls and owner == "key_1"

    async def hang_up(self, call_id: str, owner: str) -> bool:
        found = await self.has(call_id, owner)
        self.calls -= {call_id} if found else set()
        return found

    async def handle(self, opening: Opening, socket: Any) -> None:
        while (message := await socket.receive()) is not None:
            self.heard.append(message)
            if message == "stop":
                await socket.close(4000, "stopped")
            else:
                await socket.send(f"{opening.call_id} {message!r}")
        self.left.set()

    async def answer(self, *_: Any) -> Any:
        raise AssertionError("nobody calls")


class Client:
    """The other end of a socket."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.hears: asyncio.Queue[str] = asyncio.Queue()
        self.goodbye: tuple[int, str] | None = None

    async def receive(self) -> str | bytes | None:
        return await self.says.get()

    async def send(self, text: str) -> None:
        self.hears.put_nowait(text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.goodbye = self.goodbye or (code, reason)


def opening(call_id: str | None) -> Opening:
    return Opening("", "realtime", call_id, {}, "key_1", "")


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[tuple[Neighbours, Local]]:
    """The first process's view, and the second's calls."""
    far = Local(CALL)
    near, other = Neighbours(Local(), 1, 2, folder), Neighbours(far, 2, 2, folder)
    async with await post.listen(path_of(folder, 2), other.attend):
        yield near, far


async def test_calls_of_others_are_known_and_ended_for_their_owner_only(tmp_path: Path) -> None:
    async with town(tmp_path) as (near, _):
        assert await near.has(CALL, "key_1")
        assert not await near.has(CALL, "key_2")
        assert not await near.has(f"rtc_{mark_of(2)}another", "key_1")
        assert not await near.hang_up(CALL, "key_2")
        assert await near.hang_up(CALL, "key_1")
        assert not await near.hang_up(CALL, "key_1")


async def test_who_joins_a_call_elsewhere_notices_no_difference(tmp_path: Path) -> None:
    async with town(tmp_path) as (near, far):
        client = Client()
        joined = asyncio.ensure_future(near.handle(opening(CALL), client))
        for said in ("é", b"\x00\xff"):
            client.says.put_nowait(said)
            assert await client.hears.get() == f"{CALL} {said!r}"
        client.says.put_nowait("stop")
        await joined
        assert client.goodbye == (4000, "stopped")
        await far.left.wait()
        assert far.heard == ["é", b"\x00\xff", "stop"]


async def test_who_leaves_has_left_there_too(tmp_path: Path) -> None:
    async with town(tmp_path) as (near, far):
        client = Client()
        joined = asyncio.ensure_future(near.handle(opening(CALL), client))
        client.says.put_nowait(None)
        await joined
        await far.left.wait()


async def test_a_process_that_is_gone_has_no_calls(tmp_path: Path) -> None:
    near, client = Neighbours(Local(), 1, 2, tmp_path), Client()
    assert not await near.has(CALL, "key_1")
    assert not await near.hang_up(CALL, "key_1")
    await near.handle(opening(CALL), client)
    assert client.goodbye == (1011, "server_error")


async def test_own_calls_and_those_of_nobody_are_looked_up_here(tmp_path: Path) -> None:
    own = f"rtc_{mark_of(1)}x"
    local = Local(own, "rtc_zzz")
    near = Neighbours(local, 1, 2, tmp_path)
    for call_id in (own, "rtc_zzz"):
        assert await near.has(call_id, "key_1")
        assert await near.hang_up(call_id, "key_1")
    client = Client()
    client.says.put_nowait("stop")
    client.says.put_nowait(None)
    await near.handle(opening(None), client)
    assert local.heard == ["stop"]
