"""What a WebRTC library must be able to do for us: answer an offer, move audio and messages, tell when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from ...audio.frame import Frame
from ...audio.pcm import Pcm
from ...core.errors import BadInput


class BadOffer(BadInput):
    """An offer that cannot be answered: broken, or without audio that we understand. The message names the cause."""


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server."""

    url: str
    """stun:host:port, turn:host:port?transport=udp, turns:..."""
    username: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """How peers may be reached."""

    ice_servers: tuple[IceServer, ...] = ()
    ports: tuple[int, int] | None = None
    """First and last UDP port; any by default. A call takes one for each address of this machine."""
    gone_s: float = 4.0
    """After so long without a sign of life a peer is gone."""


class Channel(Protocol):
    """One data channel, ordered and reliable: a `Socket` as the Realtime transport knows it."""

    label: str

    async def receive(self) -> str | bytes | None:
        """The next message; None when the channel or the peer is gone."""
        ...

    async def send(self, text: str) -> None:
        """Waits while much is unsent. Dropped once the channel is gone, and (with a line in the log) when it is longer
        than the peer takes: 256 kB for browsers."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """After what was sent. The channel knows no codes; they are for sockets."""
        ...


@dataclass(slots=True)
class Traffic:
    """What has become of the audio of a call so far."""

    received: int = 0
    """Frames of 20 ms that were decoded or concealed."""
    concealed: int = 0
    """... of which made up for lost or late packets, as far as the library tells."""
    sent: int = 0
    """Frames of `play` that went out; silence in between does not count."""
    dropped: int = 0
    """Frames of `play` that did not: too many at once, or nobody there yet."""


class Peer(Protocol):
    """One peer connection. Everything is called, and calls back, on the running loop."""

    traffic: Traffic

    async def answer(self, offer: str, on_channel: Callable[[Channel], None]) -> str:
        """The answer (SDP) to an offer (SDP), with all of our candidates in it (servers have 2 s). Once, before
        anything else.

        `on_channel` is called for each data channel that the peer opens, when it can be written to.
        Raises `BadOffer`.
        """
        ...

    def frames(self) -> AsyncIterator[Frame]:
        """The peer's audio, int16 mono at 48 kHz in frames of 20 ms (the backend's own rate is allowed), beginning when
        it first arrives; lost packets are concealed. Ends when the peer is gone, for whatever reason: closed, failed,
        silent for `gone_s`, or never connected within 15 s."""
        ...

    def play(self, pcm: Pcm) -> None:
        """One frame of 20 ms for the peer (480 samples at 24 kHz), sent at once; see `Transport.play`. While nothing is
        played, the library's side keeps the stream alive with silence or discontinuous transmission."""
        ...

    async def close(self) -> None:
        """End it, within a second. Safe at any time, and twice."""
        ...


MakePeer = Callable[[Network], Peer]
