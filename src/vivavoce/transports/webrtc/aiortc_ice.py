"""What aiortc's ICE lacks: a range of ports, addresses of this machine itself, and knowing when the peer was heard of.

aiortc has no options for these. Each is set on the one connection that needs it, never on the library.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Any

from . import line
from .peer import Network

_TRIES = 50
"""Ports that are tried, of a large range."""
_ANSWER_S = 1.0


class Ice:
    """The ICE connection of one peer. `ice`: an `aioice.Connection` that has not gathered yet."""

    def __init__(self, ice: Any, network: Network) -> None:
        self.signs = 0
        """Checks and answers that came from the peer."""
        self._ice = ice
        self._ports = network.ports
        self._asking: asyncio.Task[None] | None = None
        self._gather = ice.get_component_candidates
        self._request_received = ice.request_received
        ice.get_component_candidates = self._candidates
        ice.request_received = self._received

    def _received(self, message: Any, address: Any, protocol: Any) -> None:
        self.signs += 1
        self._request_received(message, address, protocol)

    def ask(self) -> None:
        """Ask the peer whether it is still there; aioice itself does every 5 s only."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask(), name="ice consent")

    async def _ask(self) -> None:
        from aioice import stun

        for pair in list(self._ice._nominated.values()):
            with suppress(stun.TransactionError, ConnectionError, asyncio.TimeoutError):
                request = self._ice.build_request(pair, nominate=False)
                key = self._ice.remote_password.encode()
                sent = pair.protocol.request(request, pair.remote_addr, integrity_key=key, retransmissions=0)
                await asyncio.wait_for(sent, _ANSWER_S)
                self.signs += 1

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _candidates(self, component: int, addresses: list[str], timeout: int = 5) -> list[Any]:  # noqa: ASYNC109
        """In place of aioice's own: ours for this machine's addresses, and its own for servers."""
        from aioice.ice import server_reflexive_candidate

        own = [await self._host(component, address) for address in [*addresses, "127.0.0.1"]]
        protocols = [protocol for protocol in own if protocol is not None]
        if self._ice._closing:
            # Closed while it was gathering; it will not look again.
            for protocol in protocols:
                await protocol.close()
            return []
        self._ice._protocols += protocols
        found = [protocol.local_candidate for protocol in protocols]
        waiting = [asyncio.ensure_future(self._gather(component, [], timeout))]
        if self._ice.stun_server:
            waiting += [
                asyncio.ensure_future(_list(server_reflexive_candidate(protocol, self._ice.stun_server)))
                for protocol in protocols
                if ":" not in protocol.local_candidate.host and protocol.local_candidate.host != "127.0.0.1"
            ]
        done, late = await asyncio.wait(waiting, timeout=line.GATHER_S)
        for task in late:
            task.cancel()
        for task in done:
            if task.exception() is None:
                found += task.result()
        return found

    async def _host(self, component: int, address: str) -> Any:
        """A socket of ours, with its candidate; None where there can be none."""
        from aioice.candidate import Candidate, candidate_foundation, candidate_priority
        from aioice.ice import StunProtocol

        for port in self._tries():
            with suppress(OSError):
                transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: StunProtocol(self._ice), local_addr=(address, port)
                )
                host, port = transport.get_extra_info("sockname")[:2]
                protocol.local_candidate = Candidate(
                    foundation=candidate_foundation("host", "udp", host),
                    component=component,
                    transport="udp",
                    # The machine's own address comes last; it serves peers on the same machine only.
                    priority=candidate_priority(component, "host", 0 if host == "127.0.0.1" else 65535),
                    host=host,
                    port=port,
                    type="host",
                )
                return protocol
        return None

    def _tries(self) -> list[int]:
        if self._ports is None:
            return [0]
        low, high = self._ports
        return random.sample(range(low, high + 1), min(_TRIES, high + 1 - low))


async def _list(found: Any) -> list[Any]:
    candidate, _ = await found
    return [candidate]
