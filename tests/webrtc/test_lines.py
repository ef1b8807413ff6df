"""Spoken turns over lines that lose, delay and reorder what the caller says, and many at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from functools import partial

import pytest
from tests.clients.process import Served

pytest.importorskip("aiortc")

from tests.webrtc import http
from tests.webrtc.caller import callers

pytestmark = [pytest.mark.offline, pytest.mark.slow]

Send = Callable[[bytes, Callable[[], None]], None]


def losing(share: float) -> Send:
    chance = random.Random(1)
    return lambda data, really: None if chance.random() < share else really()


def reordering() -> Send:
    """One packet in ten comes after the next one or two."""
    chance = random.Random(2)
    later = asyncio.get_running_loop().call_later
    return lambda data, really: (later(0.03, really) and None) if chance.random() < 0.1 else really()


def jittering() -> Send:
    """Each packet is up to 100 ms late, and so some overtake others."""
    chance = random.Random(3)
    later = asyncio.get_running_loop().call_later
    return lambda data, really: later(chance.random() * 0.1, really) and None


async def turn(url: str, said: str, send: Send) -> list[str]:
    """A call on a bad line, with one turn; the words that were understood."""
    async with callers(url, 1) as (caller,):
        await caller.dial()
        caller.spoil(send)
        return await caller.spoken_turn(said)


async def test_one_packet_in_twenty_is_lost(served: Served) -> None:
    send, heard = losing(0.05), []
    # A machine with too much else to do has no time for the last words of a turn.
    for _ in range(3):
        heard.append(await turn(served.url, "conf-leaderhasleft", send))
        if len({"the", "leader", "has", "left", "conference"} & set(heard[-1])) >= 3:
            return
    raise AssertionError(heard)


@pytest.mark.parametrize("spoiling", [partial(losing, 0.2), reordering, jittering], ids=["20 %", "reordered", "jitter"])
async def test_worse_lines(served: Served, spoiling: Callable[[], Send]) -> None:
    await turn(served.url, "tt-somethingwrong", spoiling())


async def test_ten_calls_at_once(served: Served) -> None:
    async with callers(served.url, 10) as found:
        # Whatever the recogniser has time for: all are answered, and hear their agent.
        await asyncio.gather(*(caller.dial() for caller in found))
        assert await http.calls(served.url) == 10
        for caller in found:
            caller.tell("response.create", response={"instructions": "Greet the caller."})
        await asyncio.gather(*(caller.hear() for caller in found))
        assert await http.calls(served.url) == 10
    assert not any(event["type"] == "error" for caller in found for event in caller.events)
