from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from vivavoce.app.http import post


async def test_questions_are_answered_each_on_a_connection_of_its_own(tmp_path: Path) -> None:
    asked = []

    async def attend(wire: post.Wire) -> None:
        question = await wire.receive()
        asked.append(question)
        await wire.send({"you": question["i"]})

    async with await post.listen(tmp_path / "one", attend):
        found = await asyncio.gather(*(post.ask(tmp_path / "one", {"i": "é" * n}) for n in (0, 1, 100_000)))
    assert [len(one["you"]) for one in found] == [0, 1, 100_000]
    assert len(asked) == 3


async def test_messages_keep_their_order_and_the_end_is_seen(tmp_path: Path) -> None:
    async def attend(wire: post.Wire) -> None:
        while (message := await wire.receive()) is not None:
            await wire.send(message)
            if message == 99:
                return

    async with await post.listen(tmp_path / "one", attend):
        wire = await post.dial(tmp_path / "one")
        for n in range(100):
            await wire.send(n)
        assert [await wire.receive() for _ in range(100)] == list(range(100))
        assert await wire.receive() is None
        # Silent, as everywhere else.
        await wire.send("too late")
        wire.close()


async def test_nobody_answers(tmp_path: Path) -> None:
    async def rude(wire: post.Wire) -> None:
        await wire.receive()

    async with await post.listen(tmp_path / "one", rude):
        with pytest.raises(OSError, match="hung up without an answer"):
            await post.ask(tmp_path / "one", {})
    with pytest.raises(OSError):
        await post.ask(tmp_path / "none", {})


async def test_the_socket_of_a_dead_process_is_replaced(tmp_path: Path) -> None:
    async def attend(wire: post.Wire) -> None:
        await wire.send(await wire.receive())

    import socket

    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "one"))
    async with await post.listen(tmp_path / "one", attend):
        assert await post.ask(tmp_path / "one", {"a": 1}) == {"a": 1}
