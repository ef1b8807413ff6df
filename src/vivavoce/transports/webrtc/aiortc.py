"""Peers on aiortc: WebRTC in Python. Its jitter buffer, its decoder and its encoder are replaced by ours.

aiortc counts packets where it should measure time: one lost packet holds everything up, and delays it by 200 ms for the
rest of the call. So packets are taken from it as they come (`_Tap`, in place of its buffer), wait in `Jitter`, and what
is missing is made up by `Concealer`. That place is private; its version is pinned, and the tests would tell. Packets
that tell of keys go to `Keypad`, which it does not have.
"""

from __future__ import annotations

import asyncio
import fractions
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any

import numpy as np

from ...audio.frame import Frame
from ...audio.pcm import rms_dbfs
from . import offer as offers
from .aiortc_codec import Decoder, Encoder, encoder, length
from .aiortc_ice import Ice
from .channel import MOST_UNSENT, DataChannel
from .jitter import Jitter
from .keypad import Keypad
from .line import Line, ice_servers, one_line
from .outgoing import Out
from .peer import BadOffer, Channel, Network

_FRAME_S = 0.02
_QUIET_DB = -45.0
_ASK_S = 1.0
"""Without a packet for so long, the peer is asked whether it is there."""
_BEHIND_S = 0.5
"""Incoming audio that we come too late for, after a stall; then we go on from there."""
_MOST_PACKETS = 20
_END_S = 0.6


class AiortcPeer(Line):
    """One peer connection; see `Peer`. Made on the running loop. Raises BadInput for an unusable `Network`."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        import aiortc

        self._rtc: Any = aiortc
        self._connection = aiortc.RTCPeerConnection(_configuration(aiortc, network))
        self._voice = _voice_class()()
        self._ices: list[Ice] = []
        self._dtls: list[Any] = []
        self._tap: _Tap | None = None
        self._encoder: Encoder | None = None
        self._closing: asyncio.Task[None] | None = None
        self._fresh_at = 0.0
        self._packets = 0

    # answering

    async def answer(self, offer: str, on_channel: Callable[[Channel], None]) -> str:
        offers.check(offer)
        connection = self._connection
        connection.on("connectionstatechange", lambda: self._changed(connection.connectionState))
        connection.on("datachannel", lambda channel: self._take(_Channel(channel), on_channel))
        try:
            # With the end of candidates, aioice does not wait for those that show themselves by calling.
            description = self._rtc.RTCSessionDescription(offers.without_end_of_candidates(offer), "offer")
            await connection.setRemoteDescription(description)
            self._attach(offers.keys(offer))
            await connection.setLocalDescription(await connection.createAnswer())
        except Exception as error:  # its parser raises whatever the SDP happens to break
            await self.close()
            raise BadOffer(f"the offer cannot be answered: {one_line(error)}") from None
        if self._closed:
            raise BadOffer("the call was closed before it was answered")
        answer = str(connection.localDescription.sdp)
        assert self._tap is not None
        self._tap.codecs = offers.chosen(answer)
        self._encoder = encoder(next(iter(self._tap.codecs.values())))
        self._begin()
        return answer

    def _attach(self, keys: tuple[int, int] | None) -> None:
        """Our track on the first audio that the peer offers; everything else is declined. `keys`: see `offers.keys`."""
        chosen = None
        for transceiver in self._connection.getTransceivers():
            self._dtls.append(transceiver.receiver.transport)
            if chosen is None and transceiver.kind == "audio":
                chosen = transceiver
            else:
                transceiver.direction = "inactive"
        assert chosen is not None
        self._connection.addTrack(self._voice)
        known = self._rtc.RTCRtpReceiver.getCapabilities("audio").codecs
        chosen.setCodecPreferences(offers.ours(known, lambda codec: codec.mimeType))
        self._tap = _Tap(self._heard, self._loop)
        if keys is not None:
            # The library has no key presses; it passes on the packets of whatever is agreed on.
            self._tap.presses, rate = keys
            event = self._rtc.RTCRtpCodecParameters(f"audio/{offers.KEYS}", rate, 1, payloadType=self._tap.presses)
            chosen._codecs.append(event)
        receiver = chosen.receiver
        if not hasattr(receiver, "_RTCRtpReceiver__jitter_buffer"):
            raise RuntimeError("this version of aiortc keeps its jitter buffer elsewhere; use the one we ask for")
        receiver._RTCRtpReceiver__jitter_buffer = self._tap
        if self._connection.sctp is not None:
            self._dtls.append(self._connection.sctp.transport)
        self._dtls = list(dict.fromkeys(self._dtls))
        self._ices = [Ice(dtls.transport._connection, self._network) for dtls in self._dtls]

    # audio

    def _send(self, out: Out) -> None:
        assert self._encoder is not None
        self._voice.put(self._encoder.encode(out.pcm), out.number, self._encoder.rate)

    async def frames(self) -> AsyncIterator[Frame]:
        while not self._over.is_set() and (self._tap is None or self._tap.codec is None):
            self._heard.clear()
            await self._heard.wait()
        if self._over.is_set():
            return
        assert self._tap is not None
        ears = _Ears(self._tap)
        due = self._loop.time()
        while True:
            due = max(due + _FRAME_S, self._loop.time() - _BEHIND_S)
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            if self._over.is_set():
                return
            frame = ears.next(due)
            self.traffic.received += 1
            self.traffic.concealed += frame.concealed
            yield frame

    # signs of life, and the end

    async def _signs(self) -> int:
        packets = sum(entry.packetsReceived for dtls in self._dtls for entry in dtls._get_stats().values())
        found: int = packets + sum(ice.signs for ice in self._ices)
        now = self._loop.time()
        if found != self._packets:
            self._packets, self._fresh_at = found, now
        elif now - self._fresh_at > _ASK_S:
            for ice in self._ices:
                ice.ask()
        return found

    async def _hang_up(self) -> None:
        for ice in self._ices:
            await ice.close()
        # If it takes longer it goes on by itself: cut short, it would leave sockets behind.
        self._closing = self._loop.create_task(self._connection.close(), name="aiortc close")
        await asyncio.wait({self._closing}, timeout=_END_S)


class _Tap:
    """Stands where aiortc has its jitter buffer, and takes its packets."""

    def __init__(self, came: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
        self.codecs: dict[int, str] = {}
        """What was agreed on, by payload type."""
        self.codec: str | None = None
        """What the peer sends; known with its first packet."""
        self.presses: int | None = None
        """The payload type of key presses."""
        self.keypad = Keypad()
        self.jitter = Jitter(48_000)
        self._came = came
        self._loop = loop

    def add(self, packet: Any) -> tuple[bool, None]:
        """aiortc's: it never gets a frame to decode."""
        if packet.payload_type == self.presses:
            self.keypad.push(packet.timestamp, packet._data)
            return False, None
        codec = self.codecs.get(packet.payload_type)
        if codec is None:
            return False, None
        if self.codec is None:
            self.codec = codec
            self.jitter = Jitter(48_000 if codec == "opus" else 8_000)
            self._came.set()
        if codec == self.codec and (samples := length(codec, packet._data)):
            self.jitter.push(packet.timestamp, samples, packet._data, self._loop.time())
        return False, None


class _Ears:
    """From packets to frames of 20 ms."""

    def __init__(self, tap: _Tap) -> None:
        assert tap.codec is not None
        self._jitter = tap.jitter
        self._keypad = tap.keypad
        self._decoder = Decoder(tap.codec)
        self._size = self._decoder.rate // 50
        self._rest = np.zeros(0, np.int16)
        self._position = 0
        self._quiet = True

    def next(self, now: float) -> Frame:
        concealed = False
        while self._rest.size < self._size:
            play = self._jitter.pull(now, self._quiet)
            pcm = self._decoder.decode(play) if play is not None else None
            if pcm is None:
                concealed, pcm = True, self._decoder.conceal()
            self._rest = np.concatenate((self._rest, pcm))
        pcm, self._rest = self._rest[: self._size], self._rest[self._size :]
        if (key := self._keypad.sound(self._size, self._decoder.rate)) is not None:
            pcm = key
        self._quiet = rms_dbfs(pcm) < _QUIET_DB
        frame = Frame(self._position, pcm, self._decoder.rate, concealed)
        self._position += self._size
        return frame


@cache
def _voice_class() -> Any:
    import av
    from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

    class Voice(MediaStreamTrack):
        """What we say, packet by packet, already encoded."""

        kind = "audio"

        def __init__(self) -> None:
            super().__init__()
            self._ready: deque[Any] = deque(maxlen=_MOST_PACKETS)
            self._more = asyncio.Event()

        def put(self, payload: bytes, number: int, rate: int) -> None:
            packet = av.Packet(payload)
            packet.pts = number * (rate // 50)
            packet.time_base = fractions.Fraction(1, rate)
            self._ready.append(packet)
            self._more.set()

        async def recv(self) -> Any:
            while not self._ready:
                if self.readyState != "live":
                    raise MediaStreamError
                self._more.clear()
                await self._more.wait()
            return self._ready.popleft()

    return Voice


class _Channel(DataChannel):
    refusals = (ValueError,)

    def __init__(self, channel: Any) -> None:
        super().__init__(channel)
        channel.bufferedAmountLowThreshold = MOST_UNSENT // 2

    def is_open(self) -> bool:
        return bool(self._channel.readyState == "open")

    def unsent(self) -> int:
        return int(self._channel.bufferedAmount)

    def read(self, event: Any) -> str | bytes:
        message: str | bytes = event
        return message


def _configuration(rtc: Any, network: Network) -> Any:
    return rtc.RTCConfiguration(iceServers=ice_servers(rtc.RTCIceServer, network))
