"""Several processes at one port, as their clients and their operator meet them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import websockets
from tests.app.recorded import check_recording
from tests.clients.process import Served, serving
from tests.webrtc import http

from vivavoce.app.cli import main
from vivavoce.app.http.marks import worker_of

pytestmark = [pytest.mark.offline, pytest.mark.slow]

KEY = "sk-of-the-test"
BEARER = {"Authorization": f"Bearer {KEY}"}
WAIT_S = 20.0


class Line:
    """One client over a WebSocket."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.id = ""

    @property
    def worker(self) -> int:
        """Whose session it is."""
        return worker_of(self.id)

    async def ask(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def expect(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            while (event := json.loads(await self.socket.recv()))["type"] != kind:
                assert event["type"] != "error", event
        assert isinstance(event, dict)
        return event


@asynccontextmanager
async def line(served: Served, query: str = "model=x", headers: dict[str, str] | None = None) -> AsyncIterator[Line]:
    async with websockets.connect(
        f"{served.ws}?{query}", additional_headers=BEARER if headers is None else headers
    ) as one:
        found = Line(one)
        found.id = (await found.expect("session.created"))["session"]["id"]
        yield found


async def refused(served: Served, query: str, headers: dict[str, str] | None = None) -> int:
    """The status of a handshake that fails."""
    with pytest.raises(websockets.InvalidStatus) as found:
        await websockets.connect(f"{served.ws}?{query}", additional_headers=headers or {})
    return found.value.response.status_code


async def close(lines: Sequence[Line]) -> None:
    """All at once: each waits for the end of its session."""
    await asyncio.gather(*(one.socket.close() for one in lines))


async def on(served: Served, worker: int, stack: AsyncExitStack, **given: Any) -> Line:
    """A line to a certain worker; the others stay open meanwhile, so that it is the next one's turn."""
    for _ in range(8):
        found = await stack.enter_async_context(line(served, **given))
        if found.worker == worker:
            return found
    raise AssertionError(f"nobody came to worker {worker}")


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def workers_of(served: Served) -> list[psutil.Process]:
    """In the order of their numbers."""
    return sorted(psutil.Process(served.pid).children(), key=lambda one: one.create_time())


async def test_calls_are_spread_evenly_and_told_by_their_worker() -> None:
    with serving("--workers", "2") as served:
        async with AsyncExitStack() as stack:
            lines = [await stack.enter_async_context(line(served, headers={})) for _ in range(12)]
            more = await asyncio.gather(*(stack.enter_async_context(line(served, headers={})) for _ in range(12)))
            shares = [[one.worker for one in (*lines, *more)].count(worker) for worker in (1, 2)]
            assert max(shares) - min(shares) <= 2
            assert await http.calls(served.url) == 24
            begun = re.compile(rf"worker {lines[0].worker}: {lines[0].id} begins")
            await until(lambda: any(begun.fullmatch(told) for told in served.lines))
            await close((*lines, *more))
        # What all of them say is said once.
        assert sum("embedded responder answers" in told for told in served.lines) == 1
        assert sum("Realtime server at" in told for told in served.lines) == 1


async def test_a_client_secret_is_good_on_every_worker_and_outlives_the_one_that_made_it() -> None:
    with serving("--workers", "2", keys=(KEY,)) as served:
        body = json.dumps({"session": {"type": "realtime", "instructions": "Sing. " * 5_000}}).encode()
        made = [await mint(served, body) for _ in range(2)]
        assert made[0] != made[1]
        for secret in made:
            headers = {"Authorization": f"Bearer {secret}"}
            async with AsyncExitStack() as stack:
                for worker in (1, 2):
                    await on(served, worker, stack, headers=headers)
        for worker in workers_of(served):
            worker.kill()
        await until(lambda: sum("is there again" in told for told in served.lines) == 2)
        async with line(served, headers={"Authorization": f"Bearer {made[0]}"}) as one:
            assert one.worker in (1, 2)
        assert await refused(served, "model=x", {"Authorization": "Bearer ek_of_nobody"}) == 401
        assert not any(secret in told for told in served.lines for secret in (*made, KEY))


async def mint(served: Served, body: bytes) -> str:
    reader, writer = await asyncio.open_connection(*served.url.split("/")[2].split(":"))
    head = f"POST /v1/realtime/client_secrets HTTP/1.1\r\nHost: x\r\nauthorization: Bearer {KEY}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    answer = (await reader.read()).partition(b"\r\n\r\n")[2]
    writer.close()
    value = json.loads(answer)["value"]
    assert isinstance(value, str)
    return value


async def test_a_call_is_joined_and_steered_from_another_worker() -> None:
    with serving("--workers", "2") as served:
        async with AsyncExitStack() as stack:
            caller = await on(served, 1, stack, headers={})
            await on(served, 2, stack, headers={})
            # As many connections here as there: both workers get some of the listeners.
            sides = [
                await stack.enter_async_context(line(served, f"call_id={caller.id}", headers={})) for _ in range(4)
            ]
            assert {side.id for side in sides} == {caller.id}
            await sides[0].ask("session.update", session={"type": "realtime", "instructions": "Sing."})
            for one in (caller, *sides):
                assert (await one.expect("session.updated"))["session"]["instructions"] == "Sing."
            await caller.socket.close()
            for side in sides:
                async with asyncio.timeout(WAIT_S):
                    await side.socket.wait_closed()
                assert side.socket.close_code == 1000
        assert await refused(served, f"call_id={caller.id}") == 404


async def test_only_its_owner_joins_a_call_on_another_worker() -> None:
    with serving("--workers", "2", keys=(KEY, "another")) as served:
        async with line(served) as caller:
            for _ in range(4):
                assert await refused(served, f"call_id={caller.id}", {"Authorization": "Bearer another"}) == 404


async def test_a_call_over_webrtc_is_hung_up_from_any_worker() -> None:
    pytest.importorskip("aiortc")
    from tests.webrtc.caller import callers

    with serving("--workers", "2", "--udp-ports", "41000-41199") as served:
        async with callers(served.url, 4) as found:
            await asyncio.gather(*(caller.dial() for caller in found))
            assert {worker_of(caller.call_id) for caller in found} == {1, 2}
            assert await http.calls(served.url) == 4
            for one in found:
                ports = [int(port) for port in re.findall(r" udp \d+ \S+ (\d+) typ host", one.answer)]
                assert ports
                assert {port // 100 for port in ports} == {409 + worker_of(one.call_id)}
            for n, caller in enumerate(found):
                assert (await http.hang_up(served.url, caller.call_id)).status == 200
                await asyncio.wait_for(caller.closed.wait(), WAIT_S)
                await http.until_calls(served.url, 3 - n, WAIT_S)
                assert (await http.hang_up(served.url, caller.call_id)).status == 404


async def test_a_worker_that_dies_is_replaced_and_only_its_calls_are_lost() -> None:
    with serving("--workers", "2") as served:
        async with AsyncExitStack() as stack:
            lost, kept = await on(served, 1, stack, headers={}), await on(served, 2, stack, headers={})
            assert await http.calls(served.url) == 2
            side = await stack.enter_async_context(line(served, f"call_id={lost.id}", headers={}))
            [victim] = [one for one in workers_of(served) if mine(one, lost, served)]
            victim.kill()
            async with asyncio.timeout(WAIT_S):
                await lost.socket.wait_closed()
                await side.socket.wait_closed()
            await until(lambda: any("worker 1 was killed by signal 9; calls lost" in told for told in served.lines))
            await kept.ask("response.create", response={"instructions": "Greet the caller."})
            assert (await kept.expect("response.done"))["response"]["status"] == "completed"
            await until(lambda: "worker 1 is there again" in served.lines)
            assert (await on(served, 1, stack, headers={})).id != lost.id
        assert await refused(served, f"call_id={lost.id}") == 404


def mine(worker: psutil.Process, one: Line, served: Served) -> bool:
    """Does this process hold that line?"""
    port = one.socket.transport.get_extra_info("sockname")[1]
    return any(found.raddr and found.raddr.port == port for found in worker.net_connections("tcp"))


async def test_limits_hold_over_all_workers_together() -> None:
    with serving("--workers", "2", "--max-connections", "3") as served:
        async with AsyncExitStack() as stack:
            for _ in range(3):
                await stack.enter_async_context(line(served, headers={}))
            assert await refused(served, "model=x") == 503


def wait_until_gone(pid: int) -> None:
    """Until a process of our own has ended; its exit code stays to be read."""
    end = time.monotonic() + WAIT_S
    while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.02)


async def test_one_ctrl_c_ends_all_with_a_goodbye_and_recordings_are_whole(tmp_path: Path) -> None:
    with serving("--workers", "2", "--record", str(tmp_path / "calls")) as served:
        async with AsyncExitStack() as stack:
            lines = [await stack.enter_async_context(line(served, headers={})) for _ in range(4)]
            for one in lines:
                await one.ask("response.create", response={"instructions": "Tell a story."})
                await one.expect("response.output_audio.delta")
            os.kill(served.pid, signal.SIGINT)
            for one in lines:
                async with asyncio.timeout(WAIT_S):
                    async for _ in one.socket:
                        pass
                assert (one.socket.close_code, one.socket.close_reason) == (1001, "server shutting down")
        # Leaving asks the server to end once more, and what is asked twice ends at once.
        await asyncio.to_thread(wait_until_gone, served.pid)
    folders = sorted(folder.name for folder in (tmp_path / "calls").iterdir())
    assert folders == sorted(one.id for one in lines)
    for folder in folders:
        check_recording(tmp_path / "calls" / folder)


async def test_workers_end_when_their_parent_is_killed() -> None:
    async def main() -> None:
        with serving("--workers", "2") as served:
            workers = psutil.Process(served.pid).children(recursive=True)
            async with line(served, headers={}) as one:
                os.kill(served.pid, signal.SIGKILL)
                async with asyncio.timeout(WAIT_S):
                    await one.socket.wait_closed()
                assert one.socket.close_code == 1001
            await asyncio.to_thread(psutil.wait_procs, workers, WAIT_S)
            assert not [worker for worker in workers if worker.is_running()]

    with pytest.raises(AssertionError, match="the server ended with -9"):
        await main()


async def test_tls_is_one_certificate_for_all() -> None:
    import ssl

    with serving("--workers", "2", "--tls-self-signed") as served:
        trust = ssl.create_default_context(cafile=str(served.cert))
        async with AsyncExitStack() as stack:
            found = set()
            for _ in range(4):
                socket = await stack.enter_async_context(websockets.connect(f"{served.ws}?model=x", ssl=trust))
                found.add(worker_of(json.loads(await socket.recv())["session"]["id"]))
            assert found == {1, 2}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--workers", "none"], "--workers is a number from 1 to 3843, or auto, not 'none'"),
        (["--workers", "0"], "--workers is a number from 1"),
        (["--workers", "3", "--udp-ports", "5000-5001"], "has 2 ports for 3 workers"),
        (["--workers", "2", "--host", "0.0.0.0"], "without API keys the server listens on this machine only"),
        (["--workers", "2", "--llm", "nobody:nothing"], "nobody:nothing"),
    ],
)
def test_what_cannot_be_is_one_line(options: list[str], why: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "0", *options]) == 2
    told = capfd.readouterr().err.splitlines()
    assert [told] == [[one for one in told if why in one]]
    assert len(told) == 1
