"""The agent's voice on its way out: one frame every 20 ms of the session's clock, whatever else happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..audio.pacer import Pacer
from ..audio.pcm import Pcm
from ..core.events import Played, Sent
from ..core.units import OUT_RATE
from ..providers.base import Post
from ..transports.base import ReportingTransport, Transport
from .clock import Clock

FRAME_MS = 20
_CATCH_UP = 50
"""Most frames sent in one go after a stall."""
_AHEAD_S = 10
"""Seconds of a reply that are made ahead of time before its makers are asked to wait."""
_ROOM_FRAMES = 50


class Playout:
    """Owns the pacer and its clock. Everything is called from the session's loop, nothing blocks.

    Frame `n` is due at `n` * 20 ms after `run` began; after a stall the missed frames follow at once, so that the
    grid never drifts. `on_frame` sees every frame with the number of its first sample.
    """

    def __init__(
        self,
        transport: Transport,
        post: Post,
        on_frame: Callable[[int, Pcm], None],
        on_broken: Callable[[Exception], None],
    ) -> None:
        """`on_broken`: called once if the transport raises; it is not called again after that."""
        self._transport: Transport | None = transport
        self._reporting = transport if isinstance(transport, ReportingTransport) else None
        self._post = post
        self._on_frame = on_frame
        self._on_broken = on_broken
        self._pacer = Pacer(OUT_RATE, FRAME_MS)
        self.frames = 0
        """Frames due so far, those skipped included."""
        self.late_frames = 0
        """Frames sent when the next one was due already."""
        self.skipped_frames = 0
        """Frames never sent, because a stall was longer than a second. Nothing is lost: the rest just comes later."""

    @property
    def underruns(self) -> int:
        """How often a reply ran dry while it sounded."""
        return self._pacer.underruns

    async def run(self, clock: Clock) -> None:
        """Send frames until cancelled."""
        loop = asyncio.get_running_loop()
        start = clock.at(clock.now())
        while True:
            await asyncio.sleep(max(0.0, start + self.frames * FRAME_MS / 1000 - loop.time()))
            # Early by less than a microsecond is on time: timers and sums of floats are that inexact.
            due = int((loop.time() - start) * 1000 / FRAME_MS + 1e-4) + 1
            behind = due - self.frames
            if behind > _CATCH_UP:
                self.skipped_frames += behind - _CATCH_UP
                self.frames = due - _CATCH_UP
            self.late_frames += max(0, behind - 1)
            while self.frames < due:
                self._send()

    def _send(self) -> None:
        pcm, moved, _ = self._pacer.frame()
        position = self.frames * self._pacer.frame_samples
        self.frames += 1
        self._on_frame(position, pcm)
        try:
            if self._transport is not None:
                self._transport.play(pcm)
            for reply, samples, final in moved:
                self._post(Sent(reply, samples))
                if self._reporting is None:
                    self._post(Played(reply, samples, final))
                else:
                    self._reporting.sent(reply, samples, final)
        except Exception as error:
            self._transport = self._reporting = None
            self._on_broken(error)

    def write(self, reply: int, pcm: Pcm) -> int:
        """More audio of a reply (24 kHz). Returns how many samples were taken: fewer than there are means that its
        buffer is full, and that it takes no more."""
        return pcm.size - self._pacer.write(reply, pcm)

    async def room(self, reply: int) -> None:
        """Wait while 10 s of a reply are unplayed, but not longer than a second."""
        for _ in range(_ROOM_FRAMES):
            if self._pacer.buffered(reply) < _AHEAD_S * OUT_RATE:
                return
            await asyncio.sleep(FRAME_MS / 1000)

    # the commands: idempotent, and harmless for a reply it does not know

    def end(self, reply: int) -> None:
        """No more audio will come for this reply."""
        self._pacer.end(reply)

    def release(self, reply: int) -> None:
        """It may be heard, after those released before it."""
        self._pacer.release(reply)

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
        self._pacer.flush(reply, samples)
