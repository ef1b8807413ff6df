"""The personas of a duet with their minds and voices: opened when they come, closed together at the end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from types import TracebackType

from ...core.errors import BadInput
from ...providers.base import Llm
from ...providers.offline.voices import VOICES
from ...runtime.engines import AgentConfig, Engines
from ..agent.agent import Agent
from ..agent.call import Call
from ..agent.names import EngineNames
from ..agent.served import ServedAgent
from ..engines import choose_models, open_engines, works_here
from .debate import DebateLlm

SEATS = ("a", "b")
_EMBEDDED_VOICES = frozenset(voice.name for voice in VOICES)
"""Embedded personas name them; any other synthesiser has voices of its own."""


@dataclass(frozen=True, slots=True)
class Mind:
    """What a persona thinks and speaks with, before it is opened."""

    names: EngineNames
    llms: tuple[Llm, ...]
    note: str
    """A sentence about it, for the user."""

    @property
    def here(self) -> bool:
        """Nothing of it is reached over a network."""
        return works_here(self.names, self.llms)


def mind_of(agent: Agent, seat: int, env: dict[str, str]) -> Mind:
    """What it asks for, what the environment has, or the script. Raises BadInput. Not from a running loop."""
    names = agent.engines.otherwise(env)
    if names.llm:
        llms, about = choose_models(names, env)
        return Mind(names, llms, f"{agent.name}: {about}")
    note = f"{agent.name} is a small script and not a language model; set VIVAVOCE_LLM=PROVIDER:MODEL."
    return Mind(names, (DebateLlm(hopeful=seat == 0),), note)


class Troupe:
    """Whoever sits down in a duet. Use it as an asynchronous context.

    `base`: engines of the call, shared by those who name none of their own; without it each has its own.
    """

    def __init__(self, base: Engines | None = None, expect: Sequence[str] = ()) -> None:
        self._base = base
        self._expect = tuple(expect)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Troupe:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close what was opened for those who came."""
        await self._stack.aclose()

    async def join(self, agent: Agent, seat: int, mind: Mind | None = None, ears: bool = False) -> AgentConfig:
        """Open what it needs; `ears` opens its recogniser too. Raises BadInput."""
        if mind is None and self._base is not None:
            engines = await self._share(agent, seat, self._base)
        else:
            if mind is None:
                # A model may have to be asked for over the network.
                mind = await asyncio.to_thread(mind_of, agent, seat, dict(os.environ))
            engines = await self._stack.enter_async_context(open_engines(mind.names, mind.llms, ears=ears))
        served = ServedAgent(agent, engines)
        config = replace(served.config(Call(agent)), greeting="", expect=self._expect)
        voices = engines.tts.voices
        if voices and agent.voice not in voices and agent.voice in _EMBEDDED_VOICES:
            return replace(config, voice=voices[seat % len(voices)])
        served.check()
        return config

    async def _share(self, agent: Agent, seat: int, base: Engines) -> Engines:
        """The call's engines, but for those that the persona names. Raises BadInput."""
        names = agent.engines
        llms = base.llms
        if names.llm:
            llms, _ = await asyncio.to_thread(choose_models, names, dict(os.environ))
        elif base.llm.model.startswith("offline:"):
            llms = (DebateLlm(hopeful=seat == 0),)
        if names.tts:
            return await self._stack.enter_async_context(open_engines(names, llms, ears=False))
        if llms is not base.llms:
            for llm in llms:
                self._stack.push_async_callback(llm.close)
        return replace(base, llm=llms[0], spare_llms=llms[1:])


def two_names(agents: Sequence[Agent]) -> None:
    """Raises BadInput for two of one name."""
    if agents[0].name == agents[1].name:
        raise BadInput(f"both personas are called {agents[0].name}; fix: give one of them another name")
