"""The embedded default: the engines and the agent that work without keys and without downloads."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..core.errors import BadInput
from ..core.policy import BROWSER, Policy
from ..providers.base import Llm, ProviderError, Vads

if TYPE_CHECKING:
    from .agent.agent import Agent

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
    """The embedded voice activity detector, which needs no extra."""
    from ..providers.offline.vad import SileroVads

    return SileroVads()


def agent(
    voice: str = "", speed: float = 1.0, greeting: str = GREETING, policy: Policy = BROWSER, **more: Any
) -> Agent:
    """The agent of `vivavoce talk`, with two small tools to try; `more` as for `Agent`. Raises BadInput."""
    from .agent.agent import Agent

    more = {"instructions": INSTRUCTIONS, **more}
    viva = Agent(name="viva", voice=voice, speed=speed, greeting=greeting, policy=policy, brief=False, **more)
    viva.tool(read_only=True)(current_time)
    viva.tool(roll_dice)
    return viva


def current_time() -> str:
    """The time of day, in words fit for speaking."""
    return datetime.now().strftime("It is %I:%M %p.").replace(" 0", " ")


def roll_dice(sides: int = 6) -> str:
    """Throw one die."""
    if not 2 <= sides <= 1000:
        raise ValueError("a die has 2 to 1000 sides")
    return f"The die shows {random.randint(1, sides)}."
