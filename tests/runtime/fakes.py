"""A caller, a line and four engines made of data, for whole calls on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from vivavoce.audio.frame import Frame
from vivavoce.core.commands import Command, Role, Usage
from vivavoce.core.conversation import Conversation
from vivavoce.core.events import Event, ToolSpec, UserWords, WordEnd
from vivavoce.core.notices import Notice
from vivavoce.core.policy import BROWSER, Policy
from vivavoce.providers.base import Ask, Judged, LlmOutput, Pcm, Post, ProviderError, Speech, TextDelta, Tool
from vivavoce.runtime.clock import run
from vivavoce.runtime.engines import AgentConfig, Engines
from vivavoce.runtime.observe import Observer
from vivavoce.runtime.session import Session, Summary
from vivavoce.runtime.tools import ToolCode

RATE = 16_000
TTS_RATE = 24_000
PRICES = {("fake-llm", "output_tokens"): 0.001, ("fake-tts", "characters"): 0.0001, ("fake-tts", "seconds"): 0.0}


@lru_cache(maxsize=256)
def tone(ms: int, rate: int = RATE, hz: float = 220.0, level: float = 8_000.0) -> Pcm:
    t = np.arange(rate * ms // 1000) / rate
    return (level * np.sin(2 * np.pi * hz * t)).astype(np.int16)


def silence(ms: int, rate: int = RATE) -> Pcm:
    return np.zeros(rate * ms // 1000, dtype=np.int16)


@dataclass(frozen=True)
class Said:
    """The caller says `text` from `at` ms on, for `ms`."""

    at: int
    ms: int
    text: str


class Line:
    """A transport whose caller speaks as scripted and hangs up at `until` ms; keeps what it hears."""

    reports_playback = False

    def __init__(self, *said: Said, until: int = 6_000, rate: int = RATE, step_ms: int = 20) -> None:
        self.audio = np.zeros(rate * until // 1000, dtype=np.int16)
        for s in said:
            at = rate * s.at // 1000
            voice = tone(s.ms, rate)[: self.audio.size - at]
            self.audio[at : at + voice.size] = voice
        self.rate = rate
        self.step = rate * step_ms // 1000
        self.heard: list[Pcm] = []
        self.closed = 0
        self.live: asyncio.Task[None] | None = None

    async def frames(self) -> AsyncIterator[Frame]:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for at in range(0, self.audio.size, self.step):
            pcm = self.audio[at : at + self.step]
            await asyncio.sleep(max(0.0, begun + (at + pcm.size) / self.rate - loop.time()))
            yield Frame(at, pcm, self.rate)

    def play(self, pcm: Pcm) -> None:
        self.heard.append(pcm)

    async def close(self) -> None:
        self.closed += 1

    @property
    def pcm(self) -> Pcm:
        """Everything played, at 24 kHz."""
        return np.concatenate(self.heard)


class LevelVad:
    """Speech is what is loud."""

    window = 512

    def open(self) -> LevelVad:
        return self

    def __call__(self, pcm: Pcm) -> float:
        return 0.97 if np.abs(pcm.astype(np.int32)).mean() > 300 else 0.02


class PatientVad(LevelVad):
    """Waits for other calls, of which there are none, until it is told not to."""

    def __init__(self) -> None:
        self.asked: list[tuple[Pcm, Judged]] = []

    def ask(self, pcm: Pcm, judged: Judged) -> None:
        self.asked.append((pcm, judged))

    def settle(self) -> None:
        asked, self.asked = self.asked, []
        for pcm, judged in asked:
            judged(self(pcm))


class ScriptStt:
    """Knows what the caller says: partial words while it is said, final ones when asked."""

    model = "fake-stt"

    def __init__(self, *said: Said, delay_ms: int = 60, dies_at: int = 1 << 40) -> None:
        self.said = said
        self.delay = delay_ms / 1000
        self.dies_at = dies_at
        self.calls: list[ScriptSttCall] = []

    async def open(self, post: Post, expect: Sequence[str] = ()) -> ScriptSttCall:
        call = ScriptSttCall(self, post)
        self.calls.append(call)
        return call

    async def close(self) -> None: ...


class ScriptSttCall:
    def __init__(self, stt: ScriptStt, post: Post) -> None:
        self.stt = stt
        self.post = post
        self.position = 0
        self.told: dict[int, str] = {}
        self.done: set[int] = set()
        self.closed = False

    def feed(self, start: int, pcm: Pcm) -> None:
        assert start == self.position
        self.position += pcm.size
        if self.position > self.stt.dies_at * 16:
            raise RuntimeError("the recogniser lost its mind")
        for n, said in enumerate(self.stt.said):
            share = (self.position / 16 - said.at) / said.ms
            words = said.text.split()
            text = " ".join(words[: int(len(words) * min(share, 1.0))]) if share > 0 else ""
            if n not in self.done and text and text != self.told.get(n):
                self.told[n] = text
                self._say(n, text, False, min(self.position, (said.at + said.ms) * 16))

    def finish(self, upto: int) -> None:
        for n, said in enumerate(self.stt.said):
            if n not in self.done and (said.at + said.ms) * 16 <= upto:
                self.done.add(n)
                self._say(n, said.text, True, (said.at + said.ms) * 16)
                return
        self._say(len(self.stt.said) + self.position, "", True, upto)

    def _say(self, n: int, text: str, final: bool, end: int) -> None:
        start = self.stt.said[n].at * 16 if n < len(self.stt.said) else end
        words = UserWords(n, text, final, start, end)
        asyncio.get_running_loop().call_later(self.stt.delay, self.post, words)

    async def close(self) -> None:
        self.closed = True


Step = LlmOutput | str | int | Exception
"""Text, something else to yield, ms to wait (-1: for ever), or an exception to raise."""


class ScriptLlm:
    """Answers with each of `answers` in turn; the last one is repeated."""

    model = "fake-llm"

    def __init__(self, *answers: Sequence[Step], first_ms: int = 100) -> None:
        self.answers = answers
        self.first_ms = first_ms
        self.asks: list[Ask] = []
        self.open = 0
        self.ended = 0

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        steps = self.answers[min(len(self.asks), len(self.answers) - 1)]
        self.asks.append(ask)
        self.open += 1
        try:
            await asyncio.sleep(self.first_ms / 1000)
            for step in steps:
                if isinstance(step, int):
                    await (asyncio.sleep(step / 1000) if step >= 0 else asyncio.Event().wait())
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield TextDelta(step) if isinstance(step, str) else step
            yield Usage(Role.LLM, self.model, (("output_tokens", 7.0),))
            self.ended += 1
        finally:
            self.open -= 1

    async def close(self) -> None: ...


class ToneTts:
    """60 ms of tone for each character, after `lead_ms` of silence, in chunks of 200 ms; knows its words.

    `fails`: part texts that contain one of these raise, `stalls`: never answer. Both only the first `times`.
    """

    model = "fake-tts"
    voices = ("tone",)

    def __init__(
        self,
        first_ms: int = 50,
        lead_ms: int = 120,
        char_ms: int = 60,
        fails: str = "\0",
        stalls: str = "\0",
        times: int = 1,
        chunk_delay_ms: int = 0,
        error: Exception | None = None,
        rate: int = TTS_RATE,
    ) -> None:
        self.rate = rate
        self.first_ms = first_ms
        self.lead_ms = lead_ms
        self.char_ms = char_ms
        self.fails = fails
        self.stalls = stalls
        self.times = times
        self.chunk_delay_ms = chunk_delay_ms
        self.error = error or ProviderError("refused", "no voice today")
        self.spoken: list[str] = []
        self.before: list[str] = []
        self.open = 0

    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech | Usage]:
        if not 0.5 <= speed <= 2.0:
            raise ProviderError("refused", f"speed must be from 0.5 to 2, not {speed:g}")
        self.spoken.append(text)
        self.before.append(before)
        self.open += 1
        try:
            await asyncio.sleep(self.first_ms / 1000)
            bad = self.spoken.count(text) <= self.times
            if bad and self.stalls in text:
                await asyncio.Event().wait()
            if bad and self.fails in text:
                raise self.error
            said = any(map(str.isalnum, text))
            pcm = np.concatenate((silence(self.lead_ms, self.rate), tone(self.char_ms * len(text), self.rate)))
            pcm, words = (pcm, self._words(text)) if said else (pcm[:0], ())
            for at in range(0, pcm.size, self.rate // 5):
                yield Speech(pcm[at : at + self.rate // 5], words if at == 0 else ())
                await asyncio.sleep(self.chunk_delay_ms / 1000)
            yield Usage(Role.TTS, self.model, (("characters", len(text)), ("seconds", pcm.size / self.rate)))
        finally:
            self.open -= 1

    def _words(self, text: str) -> tuple[WordEnd, ...]:
        ends = [n + 1 for n, c in enumerate(text) if c != " " and text[n + 1 : n + 2] in ("", " ")]
        ends[-1] = len(text)
        return tuple(WordEnd(n, self.rate * (self.lead_ms + n * self.char_ms) // 1000) for n in ends)

    async def close(self) -> None: ...


class Log(Observer):
    """Keeps everything that happened."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, Event, Sequence[Command]]] = []
        self.caller: list[Pcm] = []
        self.frames: list[tuple[int, Pcm]] = []
        self.closed = 0

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        self.rows.append((now, event, tuple(commands)))

    def heard(self, now: int, pcm: Pcm) -> None:
        self.caller.append(pcm)

    def played(self, position: int, pcm: Pcm) -> None:
        self.frames.append((position, pcm))

    def close(self) -> None:
        self.closed += 1


def tool(function: Callable[..., object], read_only: bool = False, **spec: object) -> ToolCode:
    name = function.__name__
    described = Tool(name, name, {"type": "object", "properties": {}})
    return ToolCode(described, ToolSpec(name, read_only=read_only, **spec), function)  # type: ignore[arg-type]


@dataclass
class Call:
    """Everything a test may want of one call."""

    session: Session
    line: Line
    log: Log
    llm: ScriptLlm
    tts: ToneTts
    stt: ScriptStt | None
    summary: Summary | None = None
    notices: list[tuple[int, Notice]] = field(default_factory=list)

    def events(self, kind: type) -> list[Event]:
        return [e for _, e, _ in self.log.rows if isinstance(e, kind)]

    def commands(self, kind: type) -> list[Command]:
        return [c for _, _, cs in self.log.rows for c in cs if isinstance(c, kind)]

    def told(self, kind: type) -> list[Notice]:
        return [
            c.notice
            for _, _, cs in self.log.rows
            for c in cs
            if type(c).__name__ == "Tell"
            if isinstance(c.notice, kind)
        ]  # type: ignore[union-attr]

    def run(self, realtime: bool = False) -> Call:
        self.summary = run(self.session.run(), realtime)
        return self


HELLO = Said(500, 900, "what is the time please")


def make(
    *said: Said,
    llm: ScriptLlm | None = None,
    tts: ToneTts | None = None,
    stt: ScriptStt | None = None,
    vads: LevelVad | None = None,
    line: Line | None = None,
    until: int = 6_000,
    policy: Policy = BROWSER,
    greeting: str = "",
    tools: Sequence[ToolCode] = (),
    observers: Sequence[Observer] = (),
    spares: Mapping[str, tuple[Any, ...]] | None = None,
    **more: object,
) -> Call:
    """A call in which the caller says `said`; everything else has a default that works."""
    llm = llm or ScriptLlm(["It is ", "noon. ", "Anything ", "else?"])
    tts = tts or ToneTts()
    stt = stt or ScriptStt(*said)
    line = line or Line(*said, until=until)
    log = Log()
    session = Session(
        Conversation(policy, PRICES),
        Engines(vads or LevelVad(), llm, tts, stt, **(spares or {})),
        AgentConfig("Be brief.", "tone", greeting=greeting, tools=tuple(tools)),
        line,
        [log, *observers],
        **more,  # type: ignore[arg-type]
    )
    return Call(session, line, log, llm, tts, stt)
