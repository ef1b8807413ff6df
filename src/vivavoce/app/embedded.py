"""The embedded default: the engines and the agent that work without keys and without downloads."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from ..core.errors import BadInput
from ..core.events import ToolSpec
from ..providers.base import Llm, ProviderError, Tool, Vads
from ..runtime.clock import busy
from ..runtime.engines import AgentConfig, Engines
from ..runtime.tools import ToolCode

if TYPE_CHECKING:
    from ..providers.offline.stt import PocketsphinxStt

VOICE = "emma"
INSTRUCTIONS = (
    "You are Viva, the voice of the Vivavoce engine. You speak with a person over audio: answer in one to three short "
    "spoken sentences, without lists, markup or emoji."
)
GREETING = "Hello, this is Viva. How can I help?"


def choose_model(env: Mapping[str, str] | None = None) -> tuple[Llm, str]:
    """The language model that is configured, or runs on this machine, or the script; and a sentence saying which.

    Raises BadInput when the model that VIVAVOCE_LLM names cannot be used. Must not be called from a running loop: a
    server on this machine is looked for in real time.
    """
    from ..providers.llm import choose_llm

    try:
        return asyncio.run(choose_llm(os.environ if env is None else env))
    except ProviderError as error:
        raise BadInput(error.detail) from error


def script() -> Llm:
    """The embedded responder itself."""
    from ..providers.scripted import ScriptedLlm

    return ScriptedLlm()


def is_script(llm: Llm) -> bool:
    """Does the embedded responder answer? Then nothing is reached over a network."""
    from ..providers.scripted import MODEL

    return llm.model == MODEL


def expected(llm: Llm) -> tuple[str, ...]:
    """Phrases that callers of this model are likely to say."""
    from ..providers.scripted import expected_phrases

    return tuple(expected_phrases()) if is_script(llm) else ()


def require_packages() -> None:
    """Raises BadInput when a package of the embedded engines is missing."""
    from ..providers.offline import available

    missing = available()
    if missing:
        raise BadInput(f"the embedded engines need {', '.join(missing)}; fix: pip install 'vivavoce[offline]'")


def voices() -> tuple[str, ...]:
    """The names of the embedded voices."""
    require_packages()
    from ..providers.offline.tts import EspeakTts

    return EspeakTts.voices


def detectors() -> Vads:
    """The embedded voice activity detector."""
    require_packages()
    from ..providers.offline.vad import SileroVads

    return SileroVads()


@asynccontextmanager
async def open_engines(llm: Llm, ears: bool = True) -> AsyncIterator[Engines]:
    """The embedded ears and voice around a language model, closed again at the end.

    `ears=False` leaves the recogniser out, for typed turns. Raises BadInput when a package is missing.
    """
    vads = detectors()
    from ..providers.offline.tts import EspeakTts

    tts = EspeakTts(busy=busy)
    stt: PocketsphinxStt | None = None
    try:
        if ears:
            from ..providers.offline.stt import PocketsphinxStt

            stt = PocketsphinxStt(busy=busy)
        # Nobody's first words are to wait for a process.
        await asyncio.gather(tts.start(), *([stt.start()] if stt else []))
        yield Engines(vads, llm, tts, stt)
    except ProviderError as error:
        raise BadInput(error.detail) from error
    finally:
        await tts.close()
        if stt is not None:
            await stt.close()
        await llm.close()


def agent(
    expect: tuple[str, ...] = (), voice: str = VOICE, speed: float = 1.0, greeting: str = GREETING
) -> AgentConfig:
    """The agent of `vivavoce talk`, with two small tools to try."""
    return AgentConfig(
        INSTRUCTIONS, voice, name="viva", speed=speed, greeting=greeting, tools=(_CLOCK, _DICE), expect=expect
    )


def current_time() -> str:
    """The time of day, in words fit for speaking."""
    return datetime.now().strftime("It is %I:%M %p.").replace(" 0", " ")


def roll_dice(sides: int = 6) -> str:
    """Throw one die."""
    if not 2 <= sides <= 1000:
        raise ValueError("a die has 2 to 1000 sides")
    return f"The die shows {random.randint(1, sides)}."


_CLOCK = ToolCode(
    Tool("current_time", "The current time of day.", {"type": "object", "properties": {}}),
    ToolSpec("current_time", read_only=True),
    current_time,
)
_DICE = ToolCode(
    Tool(
        "roll_dice",
        "Roll a die with a number of sides.",
        {"type": "object", "properties": {"sides": {"type": "integer", "default": 6}}},
    ),
    ToolSpec("roll_dice"),
    roll_dice,
)
