"""Calls through a TURN server, and within a range of ports."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.clients.process import Served

pytest.importorskip("aiortc")

from aiortc import RTCIceServer
from tests.webrtc.caller import Caller, callers, calling
from tests.webrtc.turn import SECRET, USER, turn_server

pytestmark = [pytest.mark.offline, pytest.mark.slow]


@pytest.fixture
def turn_port() -> Iterator[int]:
    with turn_server() as port:
        yield port


async def greeted(caller: Caller) -> None:
    """The agent is heard."""
    caller.tell("response.create", response={"instructions": "Greet the caller."})
    assert (await caller.expect("response.done"))["response"]["status"] == "completed"
    assert await caller.until_sound(within=20) is not None


async def test_a_call_through_a_turn_server(serve: Callable[..., Served], turn_port: int) -> None:
    served = serve("--ice-server", f"turn:{USER}:{SECRET}@127.0.0.1:{turn_port}")
    turn = RTCIceServer(f"turn:127.0.0.1:{turn_port}", USER, SECRET)
    async with callers(served.url, 1, turn=turn) as (caller,):
        # The caller may take no other way, and knows of no other way to the server.
        await caller.dial(edit=only_relayed)
        assert any(candidate[7] == "relay" for candidate in caller.candidates), caller.answer
        await greeted(caller)
        (pair,) = caller.ice._nominated.values()
        assert pair.local_candidate.type == "relay"


def only_relayed(answer: str) -> str:
    lines = answer.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("a=candidate") or " typ relay" in line)


async def test_a_range_of_ports(serve: Callable[..., Served]) -> None:
    served = serve("--udp-ports", "40000-40020")
    async with calling(served.url) as caller:
        udp = [candidate for candidate in caller.candidates if candidate[2].lower() == "udp"]
        assert udp, caller.answer
        assert all(40_000 <= int(candidate[5]) <= 40_020 for candidate in udp), caller.answer
        # What is not UDP is no port of ours: we only call, at the discard port.
        assert all(candidate[5] == "9" for candidate in caller.candidates if candidate not in udp), caller.answer
        await greeted(caller)
