"""Offers that cannot be answered, nonsense on the channel, and more callers than there is room for."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import psutil
import pytest
from tests.clients.process import Served

pytest.importorskip("aiortc")

from tests.webrtc import http
from tests.webrtc.caller import Caller, callers, calling

pytestmark = [pytest.mark.offline, pytest.mark.slow]

SHORT = "hello-world"
CODECS = ("a=rtpmap", "a=fmtp", "a=rtcp-fb")


def spoiled(sdp: str) -> dict[str, bytes]:
    """The same offer, broken in all kinds of ways."""
    lines = sdp.splitlines(keepends=True)
    plain = {
        "no SDP": "hello",
        "JSON": '{"type": "offer"}',
        "cut short": sdp[: sdp.index("m=audio") + 9],
        "no media": sdp[: sdp.index("m=audio")],
        "video only": sdp.replace("m=audio", "m=video"),
        "channel only": sdp[: sdp.index("m=audio")] + sdp[sdp.index("m=application") :],
        "no codec of ours": "".join(line for line in lines if not line.startswith(CODECS)).replace(
            next(line for line in lines if line.startswith("m=audio")), "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\n"
        ),
        "no payloads": sdp.replace(
            next(line for line in lines if line.startswith("m=audio")), "m=audio 9 UDP/TLS/RTP/SAVPF\r\n"
        ),
        "no fingerprint": "".join(line for line in lines if not line.startswith("a=fingerprint")),
        "no credentials": "".join(line for line in lines if not line.startswith("a=ice-")),
        "lines of nonsense": sdp.replace("a=mid:0", "\x00\x01"),
        "a fingerprint of nonsense": "".join(
            "a=fingerprint:sha-256 ZZ\r\n" if line.startswith("a=fingerprint") else line for line in lines
        ),
        "a section twice": sdp + sdp[sdp.index("m=audio") :],
        "far too many sections": "".join(lines[:5]) + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" * 3_000,
    }
    return {name: text.encode() for name, text in plain.items()} | {"no UTF-8": b"v=0\r\n\xff\xfe"}


async def test_offers_that_cannot_be_answered(served: Served) -> None:
    caller = Caller(served.url)
    sdp = await caller.offer()
    await caller.close()
    for name, data in spoiled(sdp).items():
        reply = await http.offer(served.url, data)
        assert reply.status == 400, (name, reply)
        assert reply.error["type"] == "invalid_request_error"
        assert reply.error["message"], name
    assert (await http.offer(served.url, b"")).status == 400
    assert (await http.offer(served.url, b"", {"type": "realtime"})).status == 400
    huge = b"v=0\r\n" + b"a=x\r\n" * 100_000
    # The answer may be lost when the connection is closed on who still sends.
    assert (await http.offer(served.url, huge)).status in (413, 0)
    assert (await http.offer(served.url, huge, {"type": "realtime"})).status == 413
    await http.until_calls(served.url, 0, 5)


async def test_slow_senders_are_in_nobodys_way(served: Served) -> None:
    host, port = served.url.split("/")[2].split(":")
    head = f"POST /v1/realtime/calls HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/sdp\r\n"
    head += "Content-Length: 99\r\n\r\n"
    slow = [await asyncio.open_connection(host, int(port)) for _ in range(40)]
    try:
        for _, writer in slow:
            writer.write(head.encode() + b"v=0\r\n")
            await writer.drain()
        async with calling(served.url):
            pass
    finally:
        for _, writer in slow:
            writer.close()


async def test_an_offer_twice(served: Served) -> None:
    async with callers(served.url, 1) as (caller,):
        sdp = await caller.offer()
        first, second = [await http.offer(served.url, sdp) for _ in range(2)]
        assert first.call_id != second.call_id
        assert await http.calls(served.url) == 2
        # The caller takes one of them; the other ends without it.
        await caller.take(first.text)
        await caller.expect("session.created")
        assert (await http.hang_up(served.url, second.call_id)).status == 200
        await http.until_calls(served.url, 1, 5)
        caller.tell("response.create", response={"instructions": "Greet the caller."})
        assert (await caller.expect("response.done"))["response"]["status"] == "completed"


async def test_a_call_that_only_speaks(served: Served) -> None:
    async with calling(served.url, channel=False) as caller:
        for _ in range(3):
            caller.microphone.say(SHORT)
            if await caller.until_sound(within=12):
                break
        assert caller.loudest() > 1_000
        assert (await http.hang_up(served.url, caller.call_id)).status == 200


async def test_nonsense_on_the_channel(served: Served) -> None:
    async with calling(served.url) as caller:
        nonsense: list[Any] = [
            "", "hello", "{", "[]", "null", "7", '"x"', "[" * 100_000, '{"type": 7}', '{"type": "response.dance"}',
            "{}", '{"type": "input_audio_buffer.append", "audio": "AAAA"}', b"", b"\x00\xff",
            b'{"type": "response.create"}',
        ]  # fmt: skip
        for message in nonsense:
            caller.send(message)
            await wait_for_error(caller, message)
        caller.tell("response.create", response={"instructions": "Greet the caller."})
        assert (await caller.expect("response.done"))["response"]["status"] == "completed"
        assert await caller.until_sound(within=20) is not None


async def wait_for_error(caller: Caller, message: Any) -> None:
    """The next event is an error of the client's."""
    async with asyncio.timeout(20):
        event = await caller.next_message()
    assert event["type"] == "error", (message, event)
    assert event["error"]["type"] == "invalid_request_error", (message, event)


def used(pid: int) -> tuple[int, int, int]:
    """Files, threads and resident memory of the server itself."""
    process = psutil.Process(pid)
    return process.num_fds(), process.num_threads(), process.memory_info().rss


async def test_1000_offers_at_once(served: Served) -> None:
    caller = Caller(served.url)
    sdp = await caller.offer()
    await caller.close()
    # What a full house takes once, and libraries keep, is not what a burst leaves behind.
    await hang_up_all(served.url, await fill(served.url, sdp))
    await http.until_calls(served.url, 0, 10)
    before = used(served.pid)

    begun = time.monotonic()
    replies = await asyncio.gather(*(http.offer(served.url, sdp) for _ in range(1_000)))
    took = time.monotonic() - begun
    statuses = [reply.status for reply in replies]
    assert set(statuses) <= {201, 429}, set(statuses)
    refused = [reply for reply in replies if reply.status == 429]
    assert all(int(reply.headers["retry-after"]) >= 1 for reply in refused)
    assert len(statuses) - len(refused) >= 8
    assert await http.calls(served.url) <= 100

    more = await fill(served.url, sdp)
    assert await http.calls(served.url) == 100
    full = used(served.pid)

    await hang_up_all(served.url, [reply for reply in (*replies, *more) if reply.status == 201][3:])
    print(f"burst: {took:.1f} s, {statuses.count(201)} answered; before {before}, full {full}")
    async with asyncio.timeout(40):
        one = Caller(served.url)
        try:
            await one.dial()
            await one.spoken_turn(SHORT)
        finally:
            await one.close()
    # Nobody ever came to the other three: they end by themselves.
    await http.until_calls(served.url, 0, 25)
    after = used(served.pid)
    print(f"after {after}")
    assert after[0] <= before[0] + 10
    assert after[1] <= before[1] + 10
    # What is in cycles waits for the collector.
    assert after[2] <= before[2] + (100 << 20)


async def fill(url: str, sdp: str) -> list[http.Reply]:
    """Offers, one after the other, until there is no room; those that were answered."""
    found = [await http.offer(url, sdp)]
    while found[-1].status == 201:
        assert len(found) <= 100
        found.append(await http.offer(url, sdp))
    refused = found.pop()
    assert (refused.status, refused.error["code"]) == (429, "rate_limit_exceeded")
    assert int(refused.headers["retry-after"]) >= 1
    return found


async def hang_up_all(url: str, replies: list[http.Reply]) -> None:
    for reply in replies:
        assert (await http.hang_up(url, reply.call_id)).status == 200
