"""Peers on libwebrtc, the engine inside Chrome, through `wrtc`: its jitter buffer, concealment and congestion control.

`wrtc` gives up objects that Python does not hold, in the middle of a call and without a word; so a peer holds all that
it is ever given. Two shortcuts around its public streams (which cost more than the audio) are marked; they are why its
version is pinned.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

from ...audio.frame import Frame
from ...audio.pcm import Pcm, to_mono
from . import line
from . import offer as offers
from .channel import MOST_UNSENT, DataChannel
from .line import Line, ice_servers, one_line
from .outgoing import Out
from .peer import BadOffer, Channel, Network

_RATE = 24_000
_SILENCE = bytes(_RATE // 50 * 2)
_CHUNKS = 200
"""10 ms each: incoming audio that waits at most."""
_STATS_S = 5.0
_STALE_S = 0.4
"""Without a packet of audio for so long, other signs of life are looked for."""
_CERTAIN_MS = 10.0


@cache
def _library() -> Any:
    """The library, ready for peers on this machine too."""
    import webrtc

    with suppress(webrtc.InvalidStateError):  # somebody else has connections already
        webrtc.allow_loopback()
    return webrtc


class LibWebrtcPeer(Line):
    """One peer connection; see `Peer`. Made on the running loop. Raises BadInput for an unusable `Network`."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._rtc = _library()
        self._connection: Any = self._rtc.RTCPeerConnection(_configuration(self._rtc, network))
        self._held: list[object] = []
        self._source: Any = None
        self._receiver: Any = None
        self._ears: Any = None
        self._found = 0
        self._looked_at = 0.0
        self._packets = -1
        self._last_packet = 0.0
        self._fresh_at = 0.0

    # answering

    async def answer(self, offer: str, on_channel: Callable[[Channel], None]) -> str:
        offers.check(offer)
        connection, rtc = self._connection, self._rtc
        connection.on("connectionstatechange", lambda _: self._changed(str(connection.connection_state)))
        connection.on("track", self._on_track)
        connection.on("datachannel", lambda event: self._take(_Channel(event.channel), on_channel))
        gathered = asyncio.Event()
        connection.on("icegatheringstatechange", lambda _: gathered.set() if self._gathered() else None)
        try:
            await connection.set_remote_description(rtc.RTCSessionDescriptionInit("offer", offer))
            self._attach(offers.keys(offer))
            await connection.set_local_description(await connection.create_answer())
        except asyncio.CancelledError:
            if not self._closed:
                raise
            raise BadOffer("the call was closed before it was answered") from None
        except (rtc.PythonWebRTCException, ValueError, TypeError) as error:
            await self.close()
            raise BadOffer(f"the offer cannot be answered: {one_line(error)}") from None
        self._begin()
        self._watch_transports()
        with suppress(TimeoutError):
            await asyncio.wait_for(gathered.wait(), line.GATHER_S)
        local = connection.local_description
        if local is None:
            raise BadOffer("the call was closed before it was answered")
        return str(local.sdp)

    def _gathered(self) -> bool:
        return bool(self._connection.ice_gathering_state == "complete")

    def _attach(self, keys: tuple[int, int] | None) -> None:
        """Our track, in a stream, on the first audio that the peer offers; everything else is declined.

        `keys`: the key presses that it is to send, which the library plays into the audio."""
        rtc = self._rtc
        chosen = None
        for transceiver in self._connection.get_transceivers():
            self._held += [transceiver, transceiver.sender, transceiver.receiver, transceiver.receiver.track]
            if chosen is None and transceiver.receiver.track.kind == "audio":
                chosen = transceiver
            else:
                transceiver.direction = "inactive"
        assert chosen is not None
        self._source = rtc.MediaStreamTrackGenerator("audio")
        stream = rtc.MediaStream()
        sender = self._connection.add_track(self._source, stream)
        known = rtc.RTCRtpReceiver.get_capabilities("audio").codecs
        presses = [one for one in known if keys is not None and _is_keys(one, keys[1])]
        chosen.set_codec_preferences([*offers.ours(known, lambda codec: codec.mime_type), *presses])
        self._receiver = chosen.receiver
        self._ears = _ears(rtc)(rtc.MediaStreamTrackProcessorInit(chosen.receiver.track, _CHUNKS))
        self._ears.heard, self._ears.waiting = self._heard, deque(maxlen=_CHUNKS)
        self._held += [stream, sender]

    def _on_track(self, event: Any) -> None:
        self._held += [event, event.track, event.receiver, event.transceiver, *event.streams]

    def _watch_transports(self) -> None:
        """A peer that hangs up ends DTLS; the connection's own state does not tell."""
        for transceiver in self._connection.get_transceivers():
            transport = transceiver.receiver.transport
            if transport is not None and transport not in self._held:
                self._held.append(transport)
                transport.on("statechange", lambda _, it=transport: self._is_over() if _ended(it) else None)

    # audio

    def _send(self, out: Out) -> None:
        data = _SILENCE if out.pcm is None else out.pcm.astype("<i2", copy=False).tobytes()
        # Not through `writable`: a stream of promises for every frame costs more than the frame.
        self._source._generator.writeAudio(data, _RATE, 1, len(data) // 2)

    async def frames(self) -> AsyncIterator[Frame]:
        position = 0
        while not self._over.is_set():
            halves = self._ears.take() if self._ears is not None else None
            if halves is None:
                self._heard.clear()
                await self._heard.wait()
                continue
            if position == 0 and self._receiver.track.muted:
                continue  # nothing of the peer yet: the library fills in silence
            pcm, rate = np.concatenate([_mono(half) for half in halves]), halves[0][2]
            self.traffic.received += 1
            yield Frame(position, pcm, rate)
            position += pcm.size

    # signs of life, and the end

    async def _signs(self) -> int:
        now = self._loop.time()
        last = max((source.timestamp for source in self._receiver.get_synchronization_sources()), default=0.0)
        # The library works it out anew each time, and is off by a millisecond now and then.
        if last > self._last_packet + _CERTAIN_MS:
            self._last_packet = last
            self._found += 1
            self._fresh_at = now
        if now - self._looked_at > _STATS_S or now - self._fresh_at > _STALE_S:
            # What was counted for the last time long ago, tells nothing about now.
            recent, self._looked_at = now - self._looked_at < 2 * _STALE_S, now
            moved = await self._statistics()
            self._found += moved and recent
        return self._found

    async def _statistics(self) -> bool:
        """Whether anything at all has come since the last time."""
        try:
            report = await self._connection.get_stats()
        except self._rtc.PythonWebRTCException:
            return False
        packets = 0
        for entry in report.values():
            if entry.type == "transport":
                packets += entry.packets_received or 0
            elif entry.type == "candidate-pair":
                packets += (entry.requests_received or 0) + (entry.responses_received or 0)
            elif entry.type == "inbound-rtp" and entry.kind == "audio":
                made_up = (entry.concealed_samples or 0) - (entry.silent_concealed_samples or 0)
                self.traffic.concealed = max(0, made_up) // 960
        moved, self._packets = packets != self._packets, packets
        return moved

    async def _hang_up(self) -> None:
        self._connection.close()
        if self._source is not None:
            self._source.stop()
        self._held.clear()


class _Channel(DataChannel):
    refusals = (TypeError,)

    def __init__(self, channel: Any) -> None:
        super().__init__(channel)
        channel.buffered_amount_low_threshold = MOST_UNSENT // 2

    def is_open(self) -> bool:
        return bool(self._channel.ready_state == "open")

    def unsent(self) -> int:
        return int(self._channel.buffered_amount)

    def read(self, event: Any) -> str | bytes:
        message: str | bytes = event.data
        return message


@cache
def _ears(rtc: Any) -> Any:
    class Ears(rtc.MediaStreamTrackProcessor):  # type: ignore[misc]
        """Reads the track's own queue, not its stream: a promise for every 10 ms costs more than their audio. Whoever
        listens is woken for every second piece."""

        __slots__ = ("heard", "waiting")
        heard: asyncio.Event
        waiting: deque[Any]

        def _on_event(self, name: str, *_: object) -> None:
            if name != "_ready":
                return
            self._native_obj._ackWakeup()
            while (item := self._native_obj.read()) is not None:
                self.waiting.append(item)
            if len(self.waiting) > 1:
                self.heard.set()

        def take(self) -> tuple[Any, Any] | None:
            """The next two pieces of 10 ms; None when they are still to come."""
            return (self.waiting.popleft(), self.waiting.popleft()) if len(self.waiting) > 1 else None

    return Ears


def _mono(item: Any) -> Pcm:
    """The samples of a piece as the library gives it."""
    data, _, _, channels, _, _ = item
    pcm: Pcm = np.frombuffer(data, dtype=np.int16)
    return pcm if channels == 1 else to_mono(pcm.reshape(-1, channels))


def _is_keys(codec: Any, rate: int) -> bool:
    return bool(codec.mime_type == f"audio/{offers.KEYS}" and codec.clock_rate == rate)


def _ended(transport: Any) -> bool:
    return str(transport.state) in ("closed", "failed")


def _configuration(rtc: Any, network: Network) -> Any:
    return rtc.RTCConfiguration(ice_servers=ice_servers(rtc.RTCIceServer, network), port_range=network.ports)
