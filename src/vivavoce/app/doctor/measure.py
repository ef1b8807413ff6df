"""How fast the engines of a call are: each is given one small piece of work, in real time and with a limit."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...audio.levels import trail_silence
from ...core.clauses import Clauses
from ...core.commands import Message, Role, Usage
from ...core.errors import VivavoceError
from ...core.events import Event, ProviderFailed, UserWords
from ...core.policy import Policy
from ...core.units import IN_RATE
from ...providers.base import Ask, Llm, Pcm, ProviderError, Speech, Stt, SttCall, TextDelta, Tts, TurnScorer

LIMIT_S = 30.0
"""For the work of one engine; what it does before, such as loading a model, included."""
WORDS = "the leader has left the conference"
"""What the recording says."""
QUESTION = "Please tell me in two short sentences what a lighthouse is for."
SENTENCE = "Of course, I can help you with that."
TIMES = 2
"""A first answer also pays for connecting, or for loading a model; the last one is what a call feels."""
_FRAME = IN_RATE // 50


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it."""

    role: Role
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """`_ms` are milliseconds."""
    code: str = ""
    """Why nothing could be measured; empty when it could. Stable, as that of ProviderError."""
    detail: str = ""


async def tried(role: Role, name: str, work: Callable[[], Awaitable[dict[str, Any]]], limit_s: float) -> Measured:
    """The measurement, or one line that says why there is none. Raises nothing."""
    try:
        async with asyncio.timeout(limit_s):
            return Measured(role, name, await work())
    except TimeoutError:
        return Measured(role, name, code="timeout", detail=f"{name} was not done within {limit_s:g} s")
    except ProviderError as error:
        return Measured(role, name, code=error.code, detail=error.detail)
    except VivavoceError as error:
        return Measured(role, name, code="refused", detail=str(error))
    except Exception as error:
        return Measured(role, name, code="failed", detail=f"{name} failed: {type(error).__name__}")


# the recogniser


async def recogniser(stt: Stt, pcm: Pcm, policy: Policy, expect: Sequence[str] = (WORDS,)) -> dict[str, Any]:
    """`final_ms`: from the end of speech to the final words, the wait before they are asked for included.

    Raises `ProviderError`, `silent` when it heard nothing.
    """
    ears = _Ears()
    speech = pcm[: len(pcm) - trail_silence(pcm, IN_RATE)]
    wait_ms = policy.endpoint.finalise_after_ms
    call = await stt.open(ears.post, expect)
    try:
        async with _line(call, speech) as line:
            await line.spoken.wait()
            loop = asyncio.get_running_loop()
            ended = loop.time()
            await asyncio.sleep(wait_ms / 1000)
            ears.asked = True
            call.finish(line.at)
            await ears.final.wait()
            final_ms = _ms(loop.time() - ended)
    finally:
        await call.close()
    if ears.failure is not None:
        raise ProviderError(ears.failure.code, ears.failure.detail or f"{stt.model} failed")
    heard = " ".join(filter(None, ears.texts))
    if not heard:
        raise ProviderError("silent", f"{stt.model} heard nothing in a recording of speech")
    return {"final_ms": final_ms, "asked_after_ms": wait_ms, "partials": ears.partials, "heard": heard}


class _Ears:
    """What a recogniser says."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.final = asyncio.Event()
        self.asked = self.partials = False
        self.failure: ProviderFailed | None = None

    def post(self, event: Event) -> None:
        if isinstance(event, ProviderFailed):
            self.failure = event
            self.final.set()
        elif isinstance(event, UserWords) and event.final:
            self.texts.append(event.text)
            if self.asked:
                self.final.set()
        elif isinstance(event, UserWords):
            self.partials = True


class _Line:
    """Speech and then silence, at the speed of speech."""

    def __init__(self, call: SttCall, pcm: Pcm) -> None:
        self.at = 0
        self.spoken = asyncio.Event()
        self._call, self._pcm = call, pcm

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            frame = self._pcm[self.at : self.at + _FRAME]
            self._call.feed(self.at, np.pad(frame, (0, _FRAME - frame.size)))
            self.at += _FRAME
            if self.at >= self._pcm.size:
                self.spoken.set()
            await asyncio.sleep(began + self.at / IN_RATE - loop.time())


@asynccontextmanager
async def _line(call: SttCall, pcm: Pcm) -> AsyncIterator[_Line]:
    line = _Line(call, pcm)
    running = asyncio.create_task(line.run())
    try:
        yield line
    finally:
        running.cancel()
        await asyncio.wait([running])


# the language model


async def model(llm: Llm, policy: Policy, instructions: str, max_tokens: int | None = None) -> dict[str, Any]:
    """`first_ms` to the first words, `clause_ms` from there to the first clause that can be spoken.

    Raises `ProviderError`, `silent` when it says nothing.
    """
    ask = Ask(instructions, (Message("item_1", "user", QUESTION),), max_tokens=max_tokens)
    answers = [await _answer(llm, policy, ask) for _ in range(TIMES)]
    return {**answers[-1], "cold_ms": answers[0]["first_ms"]}


async def _answer(llm: Llm, policy: Policy, ask: Ask) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    clauses, tokens, said = Clauses(), 0.0, ""
    began = loop.time()
    first = clause = 0.0
    async with aclosing(llm.stream(ask)) as outputs:  # type: ignore[type-var]
        async for output in outputs:
            if isinstance(output, TextDelta):
                first = first or loop.time()
                said += output.text
                if clauses.push(output.text, policy.reply):
                    clause = clause or loop.time()
            elif isinstance(output, Usage):
                tokens = dict(output.amounts).get("output_tokens", 0.0)
    ended = loop.time()
    if not said.strip():
        raise ProviderError("silent", f"{llm.model} answered without any words")
    rate = (tokens or len(said.split())) / max(0.001, ended - first)
    return {
        "first_ms": _ms(first - began),
        "clause_ms": _ms((clause or ended) - first),
        "tokens_per_s": round(rate) if tokens else None,
        "words": len(said.split()),
    }


# the synthesiser


async def synthesiser(tts: Tts, voice: str, speed: float = 1.0) -> dict[str, Any]:
    """`first_ms` to the first audio, `real_time` seconds of work for a second of speech.

    Raises `ProviderError`, `silent` when nothing is spoken.
    """
    spoken = [await _spoken(tts, voice, speed) for _ in range(TIMES)]
    return {**spoken[-1], "cold_ms": spoken[0]["first_ms"]}


async def _spoken(tts: Tts, voice: str, speed: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    began, first, samples = loop.time(), 0.0, 0
    async with aclosing(tts.speak(SENTENCE, voice, speed)) as pieces:  # type: ignore[type-var]
        async for piece in pieces:
            if isinstance(piece, Speech) and piece.pcm.size:
                first = first or loop.time()
                samples += piece.pcm.size
    if not samples:
        raise ProviderError("silent", f"{tts.model} spoke nothing")
    seconds = samples / tts.rate
    real_time = round((loop.time() - began) / seconds, 3)
    return {"first_ms": _ms(first - began), "real_time": real_time, "voice": voice}


# the turn model


async def turn_model(scorer: TurnScorer, pcm: Pcm) -> dict[str, Any]:
    """`check_ms` for one judgement. Raises `ProviderError`."""
    took = [await _judged(scorer, pcm) for _ in range(TIMES)]
    return {"check_ms": took[-1], "cold_ms": took[0]}


async def _judged(scorer: TurnScorer, pcm: Pcm) -> int:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await scorer.score(pcm)
    return _ms(loop.time() - began)


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def hidden(text: str, env: Mapping[str, str]) -> str:
    """Without any key of the environment, whoever quoted it."""
    for name, value in env.items():
        if len(value) >= 6 and _SECRET.search(name):
            text = text.replace(value, "***")
    return text


_SECRET = re.compile(r"(KEY|KEYS|TOKEN|SECRET|PASSWORD)$")
