"""What both backends share: the clock of what goes out, and when a peer is to be taken for gone."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ...audio.pcm import Pcm
from ...core.errors import BadInput
from .channel import DataChannel
from .outgoing import Out, Outgoing
from .peer import Channel, Network, Traffic

CONNECT_S = 15.0
"""A peer that did not connect by then never will."""
_LOOK_S = 0.25
"""How often we look for signs of life."""
GATHER_S = 2.0
"""How long the answer waits for our own candidates: servers that do not answer must not hold up the call."""
_LAST_WORDS_S = 0.3
"""How long the channels get for what was said last."""
_SERVER = re.compile(r"(stuns?:[^?/@]+|turns?:[^?/@]+(\?transport=(udp|tcp))?)")


def check(network: Network) -> None:
    """Raises `BadInput` for settings that no library could use."""
    for server in network.ice_servers:
        if not _SERVER.fullmatch(server.url):
            raise BadInput(
                f"{server.url!r} is no server for WebRTC; use stun:host:port or turn:host:port?transport=udp"
            )
        if server.url.startswith("turn") and not (server.username and server.credential):
            raise BadInput(f"the TURN server {server.url} for WebRTC needs a username and a credential")
    if network.ports is not None and not 0 < network.ports[0] <= network.ports[1] <= 65_535:
        first, last = network.ports
        raise BadInput(f"{first} to {last} is no range of ports for WebRTC; use for example 50000 to 50999")


def ice_servers(make: Callable[[str, str | None, str | None], Any], network: Network) -> list[Any]:
    """The servers of a network, as `make` (url, username, credential) makes them."""
    return [make(server.url, server.username or None, server.credential or None) for server in network.ice_servers]


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


class Line(ABC):
    """The clockwork of one call. Everything happens on the loop on which it was made."""

    def __init__(self, network: Network) -> None:
        check(network)
        self.traffic = Traffic()
        self._network = network
        self._loop = asyncio.get_running_loop()
        self._out: Outgoing | None = None
        self._refused = 0
        """Frames that came before the peer was connected."""
        self._timer: asyncio.Handle | None = None
        self._soon = False
        """The timer is for what waits right now."""
        self._watching: asyncio.Task[None] | None = None
        self._connected = False
        self._over = asyncio.Event()
        """The peer is gone, or we are."""
        self._heard = asyncio.Event()
        """There is audio of the peer, or there will be none."""
        self._channels: list[DataChannel] = []
        self._closed = False

    # what a backend does

    @abstractmethod
    def _send(self, out: Out) -> None:
        """Give a frame to the network."""

    @abstractmethod
    async def _signs(self) -> int:
        """A number that differs from the last one when the peer was heard of in between; updates `traffic`."""

    @abstractmethod
    async def _hang_up(self) -> None:
        """Free what the library holds. Called once, when nothing runs any more."""

    # for backends

    def _changed(self, state: str) -> None:
        """The connection is in another state, by its name in the specification."""
        if state == "connected":
            self._is_connected()
        elif state in ("failed", "closed"):
            self._is_over()

    def _take(self, channel: DataChannel, on_channel: Callable[[Channel], None]) -> None:
        """The peer opens a channel."""
        self._channels.append(channel)
        channel.when_open(lambda: on_channel(channel))

    def _begin(self) -> None:
        """From now on the peer is expected."""
        if not self._over.is_set():
            self._watching = self._loop.create_task(self._watch(), name="webrtc watch")
            # Whatever ends it: nobody would notice any more that the peer is gone.
            self._watching.add_done_callback(lambda _: self._is_over())

    def _is_connected(self) -> None:
        """Audio may be sent from now on."""
        self._connected = True
        if self._out is None and not self._over.is_set():
            self._out = Outgoing(self._loop.time())
            self._flush()

    def _is_over(self) -> None:
        """The peer is gone, or we are. Safe to call twice."""
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._heard.set()
        for channel in self._channels:
            channel.gone()

    async def close(self) -> None:
        """See `Peer.close`."""
        if self._closed:
            return
        self._closed = True
        if self._connected and not self._over.is_set():
            waiting = [channel.finished() for channel in self._channels]
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*waiting), _LAST_WORDS_S)
        self._is_over()
        if self._watching is not None and self._watching is not asyncio.current_task():
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._hang_up()

    # what goes out

    def play(self, pcm: Pcm) -> None:
        """See `Peer.play`. Before the peer is connected, frames are dropped."""
        if self._over.is_set():
            return
        if self._out is None:
            self._refused += 1
            self.traffic.dropped = self._refused
            return
        more = self._out.put(pcm.copy(), self._loop.time())
        if not more:
            self._flush()
        elif not self._soon:
            self._soon = True
            self._schedule(None)

    def _flush(self) -> None:
        """Send what is due, and come back for the next."""
        self._soon = False
        assert self._out is not None
        for out in self._out.take(self._loop.time()):
            self._send(out)
            self.traffic.sent += out.pcm is not None
        self.traffic.dropped = self._refused + self._out.dropped
        if not self._over.is_set():
            self._schedule(self._out.due())

    def _schedule(self, when: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if when is None:
            self._timer = self._loop.call_soon(self._flush)
        else:
            self._timer = self._loop.call_at(when, self._flush)

    # whether the peer is there

    async def _watch(self) -> None:
        """Ends the call when the peer was silent for too long, or never came."""
        begun = seen = last = self._loop.time()
        signs = -1
        while not self._over.is_set():
            await asyncio.sleep(_LOOK_S)
            now = self._loop.time()
            # While we stood still ourselves we could not have heard anything.
            stood = max(0.0, now - last - 2 * _LOOK_S)
            begun, seen, last = begun + stood, seen + stood, now
            if not self._connected:
                if now - begun > CONNECT_S:
                    self._is_over()
                seen = now
                continue
            found = await self._signs()
            if found != signs:
                signs, seen = found, now
            elif now - seen > self._network.gone_s:
                self._is_over()
