"""The other side of a peer, as a browser would be: a client on aiortc and one on libwebrtc, with the same few verbs."""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import json
import sys
import time

import numpy as np

RATE = 48_000
FRAME = 960
LABEL = "oai-events"


def tone(frame, loud=True, size=FRAME, rate=RATE):
    """20 ms of a continuous 400 Hz tone, or of silence."""
    if not loud:
        return np.zeros(size, np.int16)
    at = frame * size + np.arange(size)
    return (9_000 * np.sin(2 * np.pi * 400 * at / rate)).astype(np.int16)


def level(pcm):
    return float(np.sqrt(np.mean(np.square(pcm.astype(np.float64)))))


class FarEnd:
    """What both clients share. `heard` is (time, samples) for each frame that came."""

    def __init__(self):
        self.loud = True
        self.heard = []
        self.messages = []
        self.message = asyncio.Event()
        self.opened = asyncio.Event()
        self.streams = []
        self.packets = []
        """(time, RTP timestamp in seconds) of each packet that came; on aiortc only."""
        self.closed = asyncio.Event()
        self._tasks = []

    def got(self, message):
        self.messages.append(message)
        self.message.set()

    async def next_message(self):
        while not self.messages:
            self.message.clear()
            await self.message.wait()
        return self.messages.pop(0)

    def loudest(self):
        return max((level(pcm) for _, pcm in self.heard), default=0.0)

    def first_sound(self, after=0.0):
        return next((at for at, pcm in self.heard if at > after and level(pcm) > 1_000), None)

    async def until_sound(self, after=0.0, within=2.0):
        end = time.perf_counter() + within
        while self.first_sound(after) is None and time.perf_counter() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return self.first_sound(after)

    async def call(self, peer, on_channel=lambda channel: None, edit=lambda sdp: sdp):
        """Offer as browsers do: without waiting for candidates."""
        await self.take(await peer.answer(edit(await self.offer()), on_channel))


class AiortcFarEnd(FarEnd):
    def __init__(self, audio=True, channel=True, codec=None):
        super().__init__()
        from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender

        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.clock = 48_000 if codec is None else 8_000
        if audio:
            self.connection.addTrack(_tone_track(self))
            if codec is not None:
                known = RTCRtpSender.getCapabilities("audio").codecs
                only = [one for one in known if one.mimeType == f"audio/{codec}"]
                self.connection.getTransceivers()[0].setCodecPreferences(only)
        self.channel = None
        if channel:
            self.channel = self.connection.createDataChannel(LABEL)
            self.channel.on("open", self.opened.set)
            self.channel.on("message", self.got)
            self.channel.on("close", self.closed.set)
        self.connection.on("track", self._on_track)

    async def offer(self):
        description = await self.connection.createOffer()
        await self.connection.setLocalDescription(description)
        lines = self.connection.localDescription.sdp.splitlines()
        return "\r\n".join(x for x in lines if not x.startswith(("a=candidate", "a=end-of-candidates"))) + "\r\n"

    async def take(self, answer):
        from aiortc import RTCSessionDescription

        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def send(self, text):
        self.channel.send(text)

    def spoil(self, send):
        """From now on `send(data, really)` decides what becomes of each datagram of ours."""
        for protocol in self.connection.getTransceivers()[0].receiver.transport.transport._connection._protocols:
            transport = protocol.transport
            really = transport.sendto
            # Not for ICE and DTLS: a call has begun, and goes on.
            protocol.transport = _Spoiled(
                transport,
                lambda data, to, really=really: (
                    send(data, lambda: really(data, to)) if data[0] & 0xC0 == 0x80 else really(data, to)
                ),
            )

    def _on_track(self, track):
        self.streams.append(track.id)
        buffer = self.connection.getReceivers()[0]._RTCRtpReceiver__jitter_buffer
        add = buffer.add

        def noted(packet):
            self.packets.append((time.perf_counter(), packet.timestamp / self.clock))
            return add(packet)

        buffer.add = noted
        self._tasks.append(asyncio.ensure_future(self._listen(track)))

    async def _listen(self, track):
        from aiortc.mediastreams import MediaStreamError

        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                pcm = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
                self.heard.append((time.perf_counter(), pcm))

    async def close(self):
        await self.connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Spoiled:
    def __init__(self, transport, sendto):
        self._transport, self.sendto = transport, sendto

    def __getattr__(self, name):
        return getattr(self._transport, name)


def _tone_track(far):
    import av
    from aiortc import MediaStreamTrack

    class Tone(MediaStreamTrack):
        kind = "audio"

        def __init__(self):
            super().__init__()
            self.count = 0
            self.start = time.perf_counter()

        async def recv(self):
            self.count += 1
            await asyncio.sleep(max(0.0, self.start + self.count * 0.02 - time.perf_counter()))
            frame = av.AudioFrame.from_ndarray(tone(self.count, far.loud)[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, self.count * FRAME, fractions.Fraction(1, RATE)
            return frame

    return Tone()


class LibwebrtcFarEnd(FarEnd):
    def __init__(self, audio=True, channel=True):
        super().__init__()
        import webrtc

        with contextlib.suppress(webrtc.InvalidStateError):
            webrtc.allow_loopback()
        self.rtc = webrtc
        self.connection = webrtc.RTCPeerConnection()
        self.held = []
        if audio:
            self.track = webrtc.MediaStreamTrackGenerator("audio")
            self.held.append(self.connection.add_track(self.track, webrtc.MediaStream()))
        self.channel = None
        if channel:
            self.channel = self.connection.create_data_channel(LABEL)
            self.channel.on("open", lambda _: self.opened.set())
            self.channel.on("message", lambda event: self.got(event.data))
            self.channel.on("close", lambda _: self.closed.set())
        self.connection.on("track", self._on_track)

    async def offer(self):
        description = await self.connection.create_offer()
        await self.connection.set_local_description(description)
        return description.sdp

    async def take(self, answer):
        await self.connection.set_remote_description(self.rtc.RTCSessionDescriptionInit("answer", answer))
        if self.held:
            self._tasks.append(asyncio.ensure_future(self._talk()))

    def send(self, text):
        self.channel.send(text)

    def press(self, tones, ms, gap_ms):
        """Keys, as packets of their own."""
        self.held[0].dtmf.insert_dtmf(tones, ms, gap_ms)

    async def _talk(self):
        start, count = time.perf_counter(), 0
        while True:
            count += 1
            await asyncio.sleep(max(0.0, start + count * 0.02 - time.perf_counter()))
            self.track._generator.writeAudio(tone(count, self.loud).tobytes(), RATE, 1, FRAME)

    def _on_track(self, event):
        self.streams = [stream.id for stream in event.streams]
        processor = self.rtc.MediaStreamTrackProcessor(self.rtc.MediaStreamTrackProcessorInit(event.track))
        self.held += [event, event.track, processor]
        self._tasks.append(asyncio.ensure_future(self._listen(processor)))

    async def _listen(self, processor):
        async for data in processor.readable:
            pcm = np.frombuffer(data._data, np.int16)
            data.close()
            self.heard.append((time.perf_counter(), pcm))

    async def close(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.connection.close()


async def _alone():
    """A far end in a process of its own, to be killed: its offer to standard output, the answer from standard input."""
    far = FAR_ENDS[sys.argv[1]]()
    print(json.dumps(await far.offer()), flush=True)
    await far.take(json.loads(sys.stdin.readline()))
    await asyncio.sleep(60)


FAR_ENDS = {"aiortc": AiortcFarEnd, "libwebrtc": LibwebrtcFarEnd}

if __name__ == "__main__":
    asyncio.run(_alone())
