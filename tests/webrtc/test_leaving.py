"""Callers who vanish, hang up, or are hung up on."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from tests.clients.process import Served

pytest.importorskip("aiortc")

from tests.webrtc import http
from tests.webrtc.caller import calling

pytestmark = [pytest.mark.offline, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
GONE_S = 5.0


async def test_the_process_of_a_caller_is_killed(served: Served) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.transports.webrtc.far_end", "aiortc",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        reply = await http.offer(served.url, json.loads(await process.stdout.readline()))
        process.stdin.write(json.dumps(reply.text).encode() + b"\n")
        async with asyncio.timeout(20):
            while not any(f"{reply.call_id} begins" in line for line in served.lines):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        # It is heard of all the time, and so the call goes on.
        await asyncio.sleep(1)
        assert await http.calls(served.url) == 1
    finally:
        process.kill()
        await process.wait()
    print("killed:", await http.until_calls(served.url, 0, GONE_S))


async def test_a_call_is_ended_by_request(served: Served) -> None:
    async with calling(served.url) as caller:
        assert (await http.hang_up(served.url, caller.call_id)).status == 200
        await asyncio.wait_for(caller.closed.wait(), GONE_S)
        print("hung up:", await http.until_calls(served.url, 0, GONE_S))
        again = await http.hang_up(served.url, caller.call_id)
        assert (again.status, again.error["code"]) == (404, "call_id_not_found")


async def test_a_caller_hangs_up(served: Served) -> None:
    async with calling(served.url) as caller:
        caller.tell("response.create", response={"instructions": "Tell a story."})
        await caller.expect("output_audio_buffer.started")
        await caller.close()
        print("closed:", await http.until_calls(served.url, 0, GONE_S))


async def test_a_caller_closes_the_channel(served: Served) -> None:
    async with calling(served.url) as caller:
        assert caller.channel is not None
        caller.channel.close()
        print("channel closed:", await http.until_calls(served.url, 0, GONE_S))
