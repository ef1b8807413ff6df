"""What hosted synthesisers share: `HostedTts` turns what a vendor sends into `Speech` and `Usage`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...core.commands import Role, Usage
from ..base import Pcm, ProviderError, Speech
from .failures import Service, failure, stalled
from .words import Spoken, WordEnds

Part = bytes | list[Spoken]
"""What adapters give: int16 little-endian audio cut anywhere, or words with their times."""
KEEP_S = 60.0
"""How long idle HTTP connections are kept: longer than a caller speaks."""
LONGEST_S = 900
"""Audio of one text, at most: it waits here until there is room for it."""
_SILENCE: Pcm = np.zeros(0, np.int16)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be spoken, as in `Tts.speak`."""

    text: str
    voice: str
    speed: float = 1.0
    before: str = ""


class HostedTts:
    """A synthesiser at a vendor; a subclass says who it is and translates the vendor's messages in `parts`.

    Each speech has a task of its own that takes what comes at once: the vendor is never held up by the playout, and
    its silence is told from ours.
    """

    vendor: ClassVar[str]
    variable: ClassVar[str]
    """The environment variable of the key, for messages."""
    slowest: ClassVar[float]
    fastest: ClassVar[float]
    rate: int = 24_000
    voices: tuple[str, ...] = ()
    """Voices known by name; any other is passed on to the vendor."""
    first_s = 10.0
    """Longest wait for the first audio."""
    stall_s = 5.0
    """Longest wait for more."""

    def __init__(self, model: str, key: str) -> None:
        """Raises `ProviderError` code `refused` for what cannot be a key."""
        self.model = f"{self.vendor}:{model}"
        self._service = Service(self.model, self.variable)
        if not key or not key.isascii() or not key.isprintable():
            raise ProviderError("refused", f"{self.model} needs a key; set the environment variable {self.variable}.")
        self._tasks: set[asyncio.Task[None]] = set()
        self._cut = (0, 0.0)
        self._closed = False

    async def speak(
        self, text: str, voice: str, speed: float = 1.0, before: str = ""
    ) -> AsyncGenerator[Speech | Usage, None]:
        """Audio as the vendor makes it, then one `Usage`, also before an error. Closing the iterator cancels there.

        Raises `ProviderError`: `refused` (also for a speed out of range), `rate_limited`, `not_found`, `timeout`,
        `died`, `overflow`, `closed`.
        """
        self._check(speed)
        made = Utterance(text, self.rate)
        if not any(map(str.isalnum, text)):
            yield made.usage(self.model)
            return
        inbox: asyncio.Queue[Part | ProviderError | None] = asyncio.Queue()
        fetching = self._start(Ask(text, voice, speed, before), inbox.put_nowait)
        told = False
        try:
            while isinstance(part := await inbox.get(), (bytes, list)):
                if speech := made.take(part):
                    yield speech
            if part is None and (speech := made.finish()):
                yield speech
            told = True
            if made.samples:
                yield made.usage(self.model)
            else:
                part = part or ProviderError("died", f"{self.model} gave no audio; check the voice and the language.")
            if part is not None:
                raise part
        finally:
            if not told:
                made.count(inbox)
                self._cut = (self._cut[0] + len(text), self._cut[1] + made.samples / self.rate)
            fetching.cancel()
            await asyncio.wait({fetching})

    @property
    def cut(self) -> Usage:
        """What speeches used, altogether, that were closed before their end and so could tell nobody."""
        return Usage(Role.TTS, self.model, (("characters", self._cut[0]), ("seconds", self._cut[1])))

    async def close(self) -> None:
        """End all speeches, then all connections."""
        self._closed = True
        if tasks := set(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self.hang_up()

    def parts(self, ask: Ask) -> AsyncGenerator[Part, None]:
        """What the vendor sends for it; cancelling or closing this cancels it there. May raise what its SDK raises."""
        raise NotImplementedError

    async def hang_up(self) -> None:
        """Close all connections."""
        raise NotImplementedError

    def _check(self, speed: float) -> None:
        if self._closed:
            raise self._gone()
        if not self.slowest <= speed <= self.fastest:
            wanted = f"speed must be from {self.slowest:g} to {self.fastest:g}, not {speed:g}"
            raise ProviderError("refused", f"{self.model}: {wanted}.")

    def _gone(self) -> ProviderError:
        return ProviderError("closed", f"{self.model} was closed.")

    def _start(self, ask: Ask, put: Callable[[Part | ProviderError | None], None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._fetch(ask, put), name=f"speech by {self.model}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _fetch(self, ask: Ask, put: Callable[[Part | ProviderError | None], None]) -> None:
        """Put every part, then None or what went wrong."""
        loop = asyncio.get_running_loop()
        limit = self.first_s
        deadline = loop.time() + limit
        size = 0
        outcome: ProviderError | None = self._gone()
        try:
            async with aclosing(self.parts(ask)) as parts:
                while True:
                    async with asyncio.timeout_at(deadline):
                        part = await anext(parts, None)
                    if part is None:
                        break
                    size += len(part) if isinstance(part, bytes) else 0
                    if size > 2 * self.rate * LONGEST_S:
                        raise ProviderError("overflow", f"{self.model} did not come to an end; use another engine.")
                    if size:
                        limit = self.stall_s
                        deadline = loop.time() + limit
                    put(part)
            outcome = None
        except TimeoutError:
            outcome = stalled(self._service, limit)
        except Exception as error:
            outcome = failure(error, self._service)
        finally:
            put(outcome)


class Utterance:
    """One text being spoken: makes `Speech` of what comes, and counts it."""

    def __init__(self, text: str, rate: int) -> None:
        self.samples = 0
        self._text = text
        self._rate = rate
        self._words = WordEnds(text, rate)
        self._half = b""
        """Half a sample that waits for its other half."""

    def take(self, part: Part) -> Speech | None:
        pcm = _SILENCE
        if isinstance(part, bytes):
            data = self._half + part if self._half else part
            whole = len(data) & ~1
            self._half = data[whole:]
            pcm = np.frombuffer(data[:whole], "<i2").astype(np.int16, copy=False)
            self.samples += pcm.size
        else:
            self._words.push(part)
        words = self._words.upto(self.samples)
        return Speech(pcm, words) if pcm.size or words else None

    def finish(self) -> Speech | None:
        words = self._words.finish(self.samples)
        return Speech(_SILENCE, words) if words and self.samples else None

    def count(self, waiting: asyncio.Queue[Part | ProviderError | None]) -> None:
        """Also count what came, and was not taken."""
        while not waiting.empty():
            if isinstance(part := waiting.get_nowait(), bytes):
                self.take(part)

    def usage(self, model: str) -> Usage:
        """Nothing was asked of the vendor where there was nothing to say."""
        characters = len(self._text) if self.samples else 0
        return Usage(Role.TTS, model, (("characters", characters), ("seconds", self.samples / self._rate)))


def addresses(url: str) -> tuple[str, str]:
    """The same server for HTTP and for WebSockets, without a slash at the end."""
    scheme, _, rest = url.rstrip("/").partition("://")
    secure = "s" if scheme in ("https", "wss") else ""
    return f"http{secure}://{rest}", f"ws{secure}://{rest}"
