"""How many calls one process of `vivavoce serve` can carry: measured for two seconds, in a process of its own.

The server is the real one, from its sockets to the voice activity detector; recogniser, model and synthesiser take no
time; the callers are another process. What is counted is the CPU that it needs for what it heard, so that other work on
the machine matters little.
`python -m vivavoce.app.capacity` prints the figures. What they are worth: docs/capacity.md.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from .worker import cores

SECONDS = 2.0
CALLS = 48
"""At the same time: with few of them each would seem dearer than it is among many."""
TURN_S = 6.6
"""From turn to turn in a conversation: so many of the calls are answered while it is measured."""
USABLE = 0.75
"""Of a core. With more of it in use frames begin to be late. Measured: docs/capacity.md."""
FRAME_MS = 20
_SETTLE_S = 0.3
_LEAST_HEARD = 0.25
"""Of what was said. With less heard, the machine has no time to be measured."""
_LOOK_S = 0.1
_MODULE = "vivavoce.app.capacity"


class Found(msgspec.Struct, frozen=True):
    """What was measured."""

    cpu_s: float
    heard_s: float
    """Of audio, of all calls together."""
    said_s: float

    @property
    def calls(self) -> int:
        """About as many fit one process; 0 when nothing can be said."""
        if self.heard_s < _LEAST_HEARD * self.said_s or self.cpu_s <= 0:
            return 0
        return rounded(USABLE * self.heard_s / self.cpu_s)


def rounded(calls: float) -> int:
    """No more precise than it is known: two digits, and down."""
    step = 10 if calls >= 100 else 5 if calls >= 20 else 1
    return int(calls // step) * step


def sentence(found: Found, workers: int, free: int) -> str:
    """For people. `free`: cores that this machine has for them."""
    if not found.calls:
        return "capacity: not measured: this machine has other work; python -m vivavoce.app.capacity tries again"
    line = f"capacity: about {found.calls} calls a process"
    if workers > 1:
        line += f" ({workers} workers: {found.calls * min(workers, free)})"
    return f"{line}, measured in {SECONDS:g} s without the engines"


async def tell_capacity(workers: int, calls: Callable[[], int], say: Callable[[str], None]) -> None:
    """Measure and say it, unless somebody calls: then the machine has better things to do."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _MODULE, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe,
        start_new_session=True,
    )  # fmt: skip
    talking = asyncio.create_task(process.communicate())
    try:
        while not talking.done() and not calls():
            await asyncio.wait((talking,), timeout=_LOOK_S)
        if not talking.done():
            say(f"capacity: not measured: somebody calls; python -m {_MODULE} does it when nobody does")
            return
        out, err = talking.result()
        if process.returncode:
            last = err.decode(errors="replace").strip().splitlines()[-1:]
            say(f"capacity: not measured: {''.join(last) or f'the self-test ended with {process.returncode}'}")
        else:
            say(sentence(msgspec.json.decode(out, type=Found), workers, cores()))
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(talking, return_exceptions=True)


# in the process that measures


@dataclass(slots=True)
class _Counted:
    """The detector, which counts what it hears."""

    vads: Any
    windows: int = 0

    def open(self) -> Any:
        return _CountedVad(self, self.vads.open())


class _CountedVad:
    def __init__(self, counted: _Counted, vad: Any) -> None:
        self._counted = counted
        self._vad = vad
        self.window: int = vad.window

    def __call__(self, pcm: Any) -> float:
        self._counted.windows += 1
        return float(self._vad(pcm))


async def measure(calls: int = CALLS, seconds: float = SECONDS) -> Found:
    """Serve `calls` callers. Raises BadInput when packages are missing."""
    from ..core.units import IN_RATE
    from ..runtime.engines import Engines
    from . import embedded, http
    from .http.connections import Connections
    from .instant import InstantLlm, InstantStt, InstantTts
    from .realtime import RealtimeCalls, Settings

    counted = _Counted(embedded.detectors())
    window = counted.vads.open().window
    engines = Engines(counted, InstantLlm(), InstantTts(), InstantStt())
    served = RealtimeCalls(engines, Settings("instant", "", ("tone",)))
    app = http.make_app(served.handle, served, http.Keys(), check_session=served.check, connections=Connections(calls))
    loop = asyncio.get_running_loop()
    url: asyncio.Future[str] = loop.create_future()
    serving = asyncio.create_task(http.serve(app, host="127.0.0.1", port=0, on_ready=url.set_result))
    callers = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _MODULE, await url, str(calls), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert callers.stdout is not None
        await callers.stdout.readline()
        await asyncio.sleep(_SETTLE_S)
        cpu, windows, begun = time.process_time(), counted.windows, loop.time()
        await asyncio.sleep(seconds)
        heard_s = (counted.windows - windows) * window / IN_RATE
        return Found(time.process_time() - cpu, heard_s, calls * (loop.time() - begun))
    finally:
        with suppress(ProcessLookupError):
            callers.kill()
        await callers.communicate()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def call(url: str, calls: int, every_s: float = 0.0) -> None:
    """The callers, until whoever started them is gone: they say a sentence now and then, and are never silent, as no
    room is. One comes every `every_s` as long as there are fewer than `calls`; who is refused tries again. A line with
    the number of those who are in and of refusals is printed when all are in, or each second until then."""
    host, port = url.split("/")[2].split(":")
    speaking, quiet = _said()
    loop, frames = asyncio.get_running_loop(), round(TURN_S * 1000 / FRAME_MS)
    lines: list[tuple[asyncio.Task[None], asyncio.StreamWriter]] = []
    refused, begun, number = 0, loop.time(), 0
    while True:
        while len(lines) < calls and number * FRAME_MS / 1000 >= (len(lines) + refused) * every_s:
            line = await _dial(host, int(port))
            lines += [line] if line else []
            refused += line is None
            if len(lines) == calls:
                print(len(lines), refused, flush=True)
        if number % 50 == 0 and len(lines) < calls:
            print(len(lines), refused, flush=True)
        await asyncio.sleep(begun + number * FRAME_MS / 1000 - loop.time())
        for n, (reading, writer) in enumerate(lines):
            if reading.done() or writer.is_closing():
                return
            # Everybody is somewhere else in the conversation.
            at = (number + n * frames // calls) % frames
            writer.write(speaking[at] if at < len(speaking) else quiet[at % len(quiet)])
        number += 1


async def _dial(host: str, port: int) -> tuple[asyncio.Task[None], asyncio.StreamWriter] | None:
    """Shake hands as plainly as possible; what comes back is read and forgotten. None when it is refused."""
    reader, writer = await asyncio.open_connection(host, port)
    head = ["GET /v1/realtime?model=m HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
    head += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", ""]
    writer.write("\r\n".join(head).encode())
    if b" 101 " not in await reader.readuntil(b"\r\n\r\n"):
        writer.close()
        return None
    return asyncio.create_task(_forget(reader.read)), writer


async def _forget(read: Callable[[int], Awaitable[bytes]]) -> None:
    with suppress(ConnectionError):
        while await read(1 << 16):
            pass


def _said() -> tuple[list[bytes], list[bytes]]:
    """A spoken sentence and a second of a quiet room, as frames of a WebSocket with 20 ms of audio each."""
    import numpy as np

    from ..audio.wav import load_mono
    from .recording import RECORDINGS

    rate = 24_000
    noise = np.random.default_rng(1).normal(0, 100, rate)
    sentence = load_mono((RECORDINGS / "conf-onlyperson.wav").read_bytes(), rate)
    voice = sentence.astype(np.float64) + np.resize(noise, sentence.size)
    size = rate * FRAME_MS // 1000
    return tuple(  # type: ignore[return-value]
        [_message(pcm[at : at + size].astype("<i2").tobytes()) for at in range(0, pcm.size - size + 1, size)]
        for pcm in (voice, noise)
    )


def _message(pcm: bytes) -> bytes:
    import base64

    from websockets.frames import Frame, Opcode

    text = b'{"type":"input_audio_buffer.append","audio":"' + base64.b64encode(pcm) + b'"}'
    return Frame(Opcode.TEXT, text).serialize(mask=True)


def main(given: Sequence[str]) -> None:
    """Print what was found. Gives way to everything else on the machine."""
    from ..core.errors import BadInput
    from .serve import run_loop

    if given:
        run_loop(call(given[0], int(given[1]), *map(float, given[2:])))
        return
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        found = run_loop(measure())
    except BadInput as error:
        sys.exit(str(error))
    print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main(sys.argv[1:])
