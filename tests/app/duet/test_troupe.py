"""Whoever sits down in a duet: with engines of its own, or those of the call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from vivavoce.app import embedded
from vivavoce.app.agent.agent import Agent
from vivavoce.app.agent.simulate import Script
from vivavoce.app.duet.debate import DebateLlm
from vivavoce.app.duet.persona import load_persona
from vivavoce.app.duet.troupe import Troupe, mind_of, two_names
from vivavoce.core.errors import BadInput
from vivavoce.providers.base import Speech
from vivavoce.runtime.engines import AgentConfig, Engines

pytestmark = pytest.mark.offline


@dataclass
class Beeps:
    model: str = "test:beeps"
    rate: int = 8_000
    voices: tuple[str, ...] = ("low", "high")
    closed: list[str] = field(default_factory=list)

    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech]:
        yield Speech(np.zeros(400, np.int16))

    async def close(self) -> None:
        self.closed.append(self.model)


def joined(agent: Agent, seat: int, base: Engines | None) -> AgentConfig:
    async def main() -> AgentConfig:
        async with Troupe(base, ["a phrase"]) as troupe:
            return await troupe.join(agent, seat)

    return asyncio.run(main())


def base(llm: object = None) -> Engines:
    return Engines(embedded.detectors(), llm or Script("x"), Beeps())  # type: ignore[arg-type]


def test_in_a_call_they_share_its_engines_and_each_gets_a_voice_of_its_synthesiser() -> None:
    shared = base()
    configs = [joined(load_persona(name), seat, shared) for seat, name in enumerate(("optimist", "skeptic"))]
    assert [config.voice for config in configs] == ["low", "high"]
    assert [config.name for config in configs] == ["Olive", "Magnus"]
    for config in configs:
        assert config.engines is not None
        assert config.engines.tts is shared.tts
        assert config.engines.llm is shared.llm
        assert config.expect == ("a phrase",)


def test_where_only_a_script_answers_they_have_their_own() -> None:
    llm = Script("x")
    llm.model = "offline:script"  # type: ignore[misc]
    config = joined(load_persona("skeptic"), 1, base(llm))
    assert config.engines is not None
    assert isinstance(config.engines.llm, DebateLlm)


def test_one_that_names_engines_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Agent("Zoe.", name="Zoe", voice="grace", tts="offline:espeak")
    config = joined(agent, 0, base())
    assert config.engines is not None
    assert (config.engines.tts.model, config.voice) == ("offline:espeak", "grace")
    with pytest.raises(BadInput, match="unknown voice 'bruno'"):
        joined(Agent("Zoe.", name="Zoe", voice="bruno", tts="offline:espeak"), 0, base())
    with pytest.raises(BadInput, match="names no engine for tts"):
        joined(Agent("Zoe.", name="Zoe", tts="nobody:x"), 0, base())


def test_without_a_call_each_has_its_own() -> None:
    mind = mind_of(load_persona("optimist"), 0, {})
    assert mind.here
    assert mind.note.startswith("Olive is a small script")
    assert isinstance(mind.llms[0], DebateLlm)


def test_two_of_one_name_cannot_be_told_apart() -> None:
    with pytest.raises(BadInput, match="both personas are called Olive"):
        two_names((load_persona("optimist"), load_persona("optimist")))
