"""Vivavoce as one more engine of a harness that measures frameworks beside each other on scripted services.

The harness puts its modules `fakes` and `scenarios` on the path and runs this file by an interpreter that has vivavoce.
The voice activity detector is the real one; the recogniser, the language model and the synthesiser are the harness's.
"""

from __future__ import annotations

import time

_t = time.perf_counter()
from vivavoce.app import embedded  # noqa: E402
from vivavoce.core.commands import Command, Message, Tell  # noqa: E402
from vivavoce.core.conversation import Conversation  # noqa: E402
from vivavoce.core.events import Event, UserWords, WordEnd  # noqa: E402
from vivavoce.core.notices import UserStopped, UserTurned  # noqa: E402
from vivavoce.core.policy import BROWSER, Policy, changed  # noqa: E402
from vivavoce.runtime.engines import AgentConfig, Engines  # noqa: E402
from vivavoce.runtime.observe import Observer  # noqa: E402
from vivavoce.runtime.session import Session as Call  # noqa: E402

_DETECTORS = embedded.detectors()
IMPORT_S = time.perf_counter() - _t

import asyncio  # noqa: E402
import platform  # noqa: E402
from collections import deque  # noqa: E402
from collections.abc import AsyncIterator, Sequence  # noqa: E402
from typing import Any, ClassVar  # noqa: E402

import numpy as np  # noqa: E402
from fakes import RATE_IN, RATE_OUT, Script  # type: ignore[import-not-found] # noqa: E402
from scenarios import Adapter, Config, Session, main  # type: ignore[import-not-found] # noqa: E402

from vivavoce import __version__  # noqa: E402
from vivavoce.audio.frame import Frame  # noqa: E402
from vivavoce.audio.pcm import Pcm  # noqa: E402
from vivavoce.providers.base import Ask, LlmOutput, Post, Speech, TextDelta  # noqa: E402

TUNED = {
    "endpoint.finished_ms": 200,
    "endpoint.silence_ms": 200,
    "endpoint.min_ms": 200,
    "barge_in.hold_after_ms": 200,
    "reply.first_clause_max_words": 1,
}
_POLICIES: dict[str, Policy] = {
    "default": BROWSER,
    "plain": changed(BROWSER, {"reply.speculate": False}),
    "tuned": changed(BROWSER, TUNED),
}


class Line:
    """The caller's microphone and loudspeaker."""

    reports_playback = False

    def __init__(self, script: Script) -> None:
        self._speaker = script.speaker
        self._waiting: deque[bytes | None] = deque()
        self._more = asyncio.Event()

    def push(self, pcm: bytes | None) -> None:
        self._waiting.append(pcm)
        self._more.set()

    async def frames(self) -> AsyncIterator[Frame]:
        position = 0
        while True:
            while self._waiting:
                data = self._waiting.popleft()
                if data is None:
                    return
                pcm = np.frombuffer(data, "<i2")
                yield Frame(position, pcm, RATE_IN)
                position += pcm.size
            self._more.clear()
            await self._more.wait()

    def play(self, pcm: Pcm) -> None:
        self._speaker.push(pcm.tobytes())

    async def close(self) -> None:
        self.push(None)


class Stt:
    """The scripted recogniser, which ends utterances by itself."""

    model = "offline:scripted"

    def __init__(self, script: Script) -> None:
        self._script = script

    async def open(self, post: Post, expect: Sequence[str] = ()) -> SttCall:
        return SttCall(self._script, post)

    async def close(self) -> None: ...


class SttCall:
    def __init__(self, script: Script, post: Post) -> None:
        self._engine = script.stt
        self._engine.on_transcript = self._heard
        self._post = post
        self._segment, self._begun, self._position = 0, 0, 0

    def feed(self, start: int, pcm: Pcm) -> None:
        self._position = start + pcm.size
        self._engine.feed(pcm.tobytes())

    def finish(self, upto: int) -> None:
        """It knows when to; but nobody is to wait for words where there were none."""
        self._post(UserWords(self._segment, "", True, upto, upto))
        self._segment += 1

    def _heard(self, text: str, final: bool) -> None:
        self._post(UserWords(self._segment, text, final, self._begun, self._position))
        if final:
            self._segment, self._begun = self._segment + 1, self._position

    async def close(self) -> None: ...


class Llm:
    model = "offline:scripted"

    def __init__(self, script: Script) -> None:
        self._script = script

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        last = ask.items[-1] if ask.items else None
        asked = isinstance(last, Message) and last.role == "user" and bool(last.text)
        async for token in self._script.llm.stream(recovery=not asked):
            yield TextDelta(token)

    async def close(self) -> None: ...


class Tts:
    """One request for each clause, as HTTP synthesisers with word times take it."""

    model = "offline:scripted"
    rate = RATE_OUT
    voices = ("scripted",)

    def __init__(self, script: Script) -> None:
        self._script = script

    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech]:
        job = self._script.tts.open()
        job.push_text(text)
        job.end()
        chars = 0
        async for pcm, words in job.audio():
            ends = []
            for word, _, end in words:
                chars = text.index(word, chars) + len(word)
                ends.append(WordEnd(chars, round(end * RATE_OUT)))
            yield Speech(np.frombuffer(pcm, "<i2"), tuple(ends))

    async def close(self) -> None: ...


class Marks(Observer):
    """For the harness's table of stages."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.ready = asyncio.Event()

    def opened(self, conversation: Conversation, agent: str) -> None:
        self.ready.set()

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Tell):
                if isinstance(command.notice, UserStopped):
                    self._script.mark("vad_stop")
                elif isinstance(command.notice, UserTurned):
                    self._script.mark("turn_end")


class Ours(Session):  # type: ignore[misc]
    def __init__(self, script: Script, policy: Policy) -> None:
        self._line = Line(script)
        engines = Engines(_DETECTORS, Llm(script), Tts(script), Stt(script))
        agent = AgentConfig("Be brief.", "scripted")
        marks = Marks(script)
        self._call = Call(Conversation(policy, {}), engines, agent, self._line, [marks])
        self._running = asyncio.create_task(self._call.run())
        self.ready = marks.ready

    def push(self, pcm: bytes) -> None:
        self._line.push(pcm)

    def history(self) -> list[tuple[str, str]]:
        roles = {"user": "user", "agent": "assistant"}
        items = self._call.conversation.history()
        return [(roles[i.role], i.text) for i in items if isinstance(i, Message) and i.role in roles]

    async def close(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)


class Engine(Adapter):  # type: ignore[misc]
    name = "vivavoce"
    configs: ClassVar[dict[str, Config]] = {
        "default": Config(
            0.260, "Policy(), nothing else: finished sentences end after 260 ms of silence, others after 500 ms"
        ),
        "plain": Config(0.260, "default without early answers"),
        "tuned": Config(0.200, ", ".join(f"{key} {value}" for key, value in TUNED.items())),
    }

    def versions(self) -> dict[str, str]:
        return {"vivavoce": __version__, "python": platform.python_version()}

    async def open(self, script: Script, config: str) -> Any:
        session = Ours(script, _POLICIES[config])
        await session.ready.wait()
        return session


if __name__ == "__main__":
    main(Engine(), IMPORT_S)
