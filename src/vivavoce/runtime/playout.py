"""The agent's voice on its way out: at once when it begins, and then one frame every 20 ms, whatever else happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..audio.pacer import Pacer
from ..audio.pcm import Pcm
from ..core.events import Played
from ..core.units import OUT_RATE
from ..providers.base import Post
from ..transports.base import AheadTransport, ReportingTransport, Transport
from .ahead import Ahead
from .clock import Clock

FRAME_MS = 20
_CATCH_UP = 50
"""Most frames sent in one go after a stall."""
_AHEAD_S = 10
"""Seconds of a reply that are made ahead of time before its makers are asked to wait."""
_ROOM_FRAMES = 50


class Playout:
    """Owns the pacer and its clock. Everything is called from the session's loop, nothing blocks.

    Where nothing sounds, nothing is sent, and so the first frame of a reply never waits for a clock. From then on
    frame `n` is due `n` * 20 ms later; after a stall the missed frames follow at once, so that the grid never drifts.
    `on_frame` sees every frame that is sent with the number of its first sample since the call began.
    """

    def __init__(
        self,
        transport: Transport,
        post: Post,
        on_frame: Callable[[int, Pcm], None],
        on_broken: Callable[[Exception], None],
        on_voice: Callable[[int, int, Pcm], None] = lambda reply, position, pcm: None,
    ) -> None:
        """`on_broken`: called once if the transport raises; it is not called again after that. `on_voice` gets what
        sounds of each reply, and the number of its first sample."""
        self._transport: Transport | None = transport
        self._reporting = transport if isinstance(transport, ReportingTransport) else None
        self._ahead = Ahead(transport, post, on_broken) if isinstance(transport, AheadTransport) else None
        self._ahead_s = transport.ahead_s if isinstance(transport, AheadTransport) else _AHEAD_S
        self._asides: set[int] = set()
        self._post = post
        self._on_frame = on_frame
        self._on_broken = on_broken
        self._on_voice = on_voice
        self._pacer = Pacer(OUT_RATE, FRAME_MS)
        self._clock: Clock | None = None
        self._over: asyncio.Future[None] | None = None
        """Done when no more frames are to be sent: who runs this was cancelled, or a bug ended it."""
        self._timer: asyncio.Handle | None = None
        """Sends the next frames, while there are any."""
        self._start, self._first, self._frames = 0.0, 0, 0
        """The grid of frames: when it began, at which sample of the call, and how many were sent since then."""
        self._free_at = 0.0
        """Loop time at which the last frame is over."""
        self.late_frames = 0
        """Frames sent when the next one was due already."""
        self.skipped_frames = 0
        """Frames never sent, because a stall was longer than a second. Nothing is lost: the rest just comes later."""

    @property
    def underruns(self) -> int:
        """How often a reply ran dry in its middle."""
        return self._pacer.underruns

    async def run(self, clock: Clock) -> None:
        """Send frames until cancelled. Raises the bug that keeps it from it."""
        self._clock, self._over = clock, asyncio.get_running_loop().create_future()
        self.begin()
        try:
            await self._over
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def begin(self) -> None:
        """Send what is there to be heard, unless frames are going out already. To be called when all that was decided
        together is done: the first frame of a reply waits for nothing else, not even for the loop to come round."""
        if self._clock is None or self._timer is not None or self._pacer.idle:
            return
        loop = asyncio.get_running_loop()
        self._start, self._frames = max(loop.time(), self._free_at), 0
        self._first = round((self._start - self._clock.at(0)) * OUT_RATE)
        # Set in any case: whoever begins while the first frame is sent finds that frames are going out.
        self._timer = loop.call_at(self._start, self._tick)
        if self._start <= loop.time():
            self._timer.cancel()
            self._tick()

    def _tick(self) -> None:
        """A frame every 20 ms for as long as there is anything to play."""
        if self._over is None or self._over.done():
            return
        try:
            self._send_due()
        except Exception as bug:
            if not self._over.done():
                self._over.set_exception(bug)
            return
        self._timer = None
        if not self._pacer.idle:
            due = self._start + self._frames * FRAME_MS / 1000
            self._timer = asyncio.get_running_loop().call_at(due, self._tick)

    def _send_due(self) -> None:
        """Send what is due of the grid."""
        # Early by less than a microsecond is on time: timers and sums of floats are that inexact.
        due = int((asyncio.get_running_loop().time() - self._start) * 1000 / FRAME_MS + 1e-4) + 1
        behind = due - self._frames
        if behind > _CATCH_UP:
            self.skipped_frames += behind - _CATCH_UP
            self._frames = due - _CATCH_UP
        self.late_frames += max(0, behind - 1)
        while self._frames < due and not self._pacer.idle:
            if self._send(self._first + self._frames * self._pacer.frame_samples):
                self._free_at = self._start + (self._frames + 1) * FRAME_MS / 1000
            self._frames += 1

    def _send(self, position: int) -> bool:
        """One frame, if any sample of it belongs to a reply or is to be heard; says whether it was sent."""
        pcm, moved, _, voices = self._pacer.frame()
        sounds = any(not progress.final for progress in moved) or bool(pcm.any())
        if sounds:
            self._on_frame(position, pcm)
        for voice in voices:
            self._on_voice(voice.reply, position + voice.at, voice.pcm)
        try:
            if sounds and self._transport is not None and self._ahead is None:
                self._transport.play(pcm)
            for reply, samples, final in moved:
                self._tell(reply, samples, final)
        except Exception as error:
            self._transport = self._reporting = None
            self._on_broken(error)
        return sounds

    def _tell(self, reply: int, samples: int, final: bool) -> None:
        if self._reporting is None:
            self._post(Played(reply, samples, final))
        else:
            self._reporting.sent(reply, samples, final)

    def write(self, reply: int, pcm: Pcm) -> int:
        """More audio of a reply (24 kHz). Returns how many samples were taken: fewer than there are means that its
        buffer is full, and that it takes no more."""
        if reply in self._asides:
            taken = pcm.size
        else:
            taken = pcm.size - self._pacer.write(reply, pcm)
        if self._ahead is not None:
            self._ahead.write(reply, pcm[:taken])
        return taken

    async def room(self, reply: int) -> None:
        """Wait while 10 s of a reply are unplayed (or what the transport takes), but not longer than a second."""
        for _ in range(_ROOM_FRAMES):
            if self._pacer.buffered(reply) < self._ahead_s * OUT_RATE:
                return
            await asyncio.sleep(FRAME_MS / 1000)

    # the commands: idempotent, and harmless for a reply it does not know; `begin` is to follow

    def end(self, reply: int, trim: bool = False) -> None:
        """No more audio will come for this reply; `trim` leaves out silence at its end."""
        self._pacer.end(reply, trim)

    def release(self, reply: int, aside: bool = False, pause_ms: int = 0) -> None:
        """It may be heard, after those released before it and a pause. An aside takes no part in what sounds."""
        if aside:
            self._asides.add(reply)
            self._pacer.drop(reply)
        else:
            self._pacer.release(reply, pause_ms * OUT_RATE // 1000)
        if self._ahead is not None:
            self._ahead.release(reply)

    def hold(self, reply: int) -> None:
        """Pause it; keep its audio."""
        self._pacer.hold(reply)

    def resume(self, reply: int) -> None:
        """Go on at the held sample, at full level."""
        self._pacer.resume(reply)

    def duck(self, reply: int, db: float) -> None:
        """Lower it by `db` (negative)."""
        self._pacer.duck(reply, db)

    def flush(self, reply: int, samples: int) -> None:
        """Nothing past `samples`, or stop now if that is past; answered by a final `Played`."""
        if self._ahead is not None:
            self._ahead.flush(reply)
        if reply not in self._asides:
            self._pacer.flush(reply, samples)
