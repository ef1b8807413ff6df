"""One long call over WebRTC: does either side's audio drift, or get later and later?

`python -m bench.webrtc_hour [MINUTES] [BACKEND]` (60). Both ends in one process; each says a sound of 20 ms every 10 s,
and the other notes how long it took. Ours is paced as a reply is: 2 s of frames, one each 20 ms, amid silence.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from typing import Any

import numpy as np

from .webrtc_ends import FRAME, FRAME_S, RATE, Caller, beep

EVERY_S = 10.0
LOUD = 500.0
OUT = 480


def _level(pcm: Any) -> float:
    return float(np.sqrt(np.mean(np.square(pcm.astype(np.float64)))))


class Marks:
    """Sounds sent, and when each was heard."""

    def __init__(self) -> None:
        self.sent: list[float] = []
        self.late: list[float] = []

    def heard(self, pcm: Any) -> None:
        if self.sent and len(self.late) < len(self.sent) and _level(pcm) > LOUD:
            passed = time.monotonic() - self.sent[-1]
            if passed < EVERY_S / 2:
                self.late += [float("nan")] * (len(self.sent) - 1 - len(self.late)) + [passed]

    def row(self, name: str) -> str:
        late = np.array(self.late) * 1000
        first, last = (np.nanmedian(part) for part in (late[:30], late[-30:]))
        heard = int(np.count_nonzero(~np.isnan(late)))
        return (
            f"| {name} | {heard} of {len(self.sent)} | {first:.0f} ms | {last:.0f} ms | "
            f"{np.nanmin(late):.0f} to {np.nanmax(late):.0f} ms |"
        )


async def _caller_speaks(caller: Caller, marks: Marks) -> None:
    start, number = time.monotonic(), 0
    every = round(EVERY_S / FRAME_S)
    while True:
        number += 1
        await asyncio.sleep(max(0.0, start + number * FRAME_S - time.monotonic()))
        loud = number % every == 0
        if loud:
            marks.sent.append(time.monotonic())
        caller._track._generator.writeAudio(beep(0) if loud else bytes(FRAME * 2), RATE, 1, FRAME)


async def _we_speak(peer: Any, marks: Marks) -> None:
    """2 s of a reply every 10 s; its middle is the sound."""
    sound = np.frombuffer(beep(0), "<i2")[::2].copy()
    quiet = np.full(OUT, 3, np.int16)
    while True:
        await asyncio.sleep(EVERY_S - 2)
        start = time.monotonic()
        for number in range(100):
            await asyncio.sleep(max(0.0, start + number * FRAME_S - time.monotonic()))
            if number == 50:
                marks.sent.append(time.monotonic())
            peer.play(sound if number == 50 else quiet)


async def _we_listen(peer: Any, marks: Marks) -> None:
    async for frame in peer.frames():
        marks.heard(frame.pcm)


async def _caller_listens(caller: Caller, marks: Marks) -> None:
    from vivavoce.transports.webrtc.libwebrtc import _ears, _mono

    track = caller._connection.get_transceivers()[0].receiver.track
    ears = _ears(caller._rtc)(caller._rtc.MediaStreamTrackProcessorInit(track, 200))
    ears.heard, ears.waiting = asyncio.Event(), deque(maxlen=200)
    caller._held.append(ears)
    while True:
        while (pieces := ears.take()) is not None:
            for piece in pieces:
                marks.heard(_mono(piece))
        ears.heard.clear()
        await ears.heard.wait()


async def main(minutes: float, backend: str | None) -> None:
    from vivavoce.transports.webrtc.choose import make_peer
    from vivavoce.transports.webrtc.peer import Network

    caller, peer = Caller(), make_peer(backend)(Network())
    theirs, ours = Marks(), Marks()
    await caller.take(await peer.answer(await caller.offer(), lambda channel: None))
    work = [
        _caller_speaks(caller, theirs),
        _we_listen(peer, theirs),
        _we_speak(peer, ours),
        _caller_listens(caller, ours),
    ]
    tasks = [asyncio.ensure_future(one) for one in work]
    done, _ = await asyncio.wait(tasks, timeout=minutes * 60, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    print(
        "| direction | sounds heard | delay, first 5 minutes | last 5 minutes | least to most |\n|---|---|---|---|---|"
    )
    print(theirs.row("the caller's voice to us"))
    print(ours.row("ours to the caller"))
    print(f"{minutes:g} minutes; frames of ours sent {peer.traffic.sent}, dropped {peer.traffic.dropped}", flush=True)
    for task in tasks:
        task.cancel()
    await peer.close()
    caller.close()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60, sys.argv[2] if len(sys.argv) > 2 else None))
