"""What a session is made of besides its conversation: the engines, shared by many sessions, and the agent."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.errors import VivavoceError
from ..providers.base import Llm, Stt, Tts, TurnScorer, Vads
from .tools import ToolCode


@dataclass(frozen=True, slots=True)
class Engines:
    """Whoever opened them closes them: sessions only borrow."""

    vads: Vads
    llm: Llm
    tts: Tts
    stt: Stt | None = None
    turn: TurnScorer | None = None
    spare_llms: tuple[Llm, ...] = ()
    """They stand in for the first one, in this order."""
    spare_ttss: tuple[Tts, ...] = ()
    spare_stts: tuple[Stt, ...] = ()

    @property
    def llms(self) -> tuple[Llm, ...]:
        return (self.llm, *self.spare_llms)

    @property
    def ttss(self) -> tuple[Tts, ...]:
        return (self.tts, *self.spare_ttss)

    @property
    def stts(self) -> tuple[Stt, ...]:
        return () if self.stt is None else (self.stt, *self.spare_stts)


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Who speaks."""

    instructions: str
    voice: str
    name: str = "agent"
    speed: float = 1.0
    greeting: str = ""
    """Spoken first, if not empty."""
    tools: tuple[ToolCode, ...] = ()
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the tool that must be called."""
    max_tokens: int | None = None
    """Longest answer of the model; None for as long as it likes."""
    engines: Engines | None = None
    """Those of this agent; None for those of the session. Voice activity and turn models are always the session's."""
    expect: tuple[str, ...] = ()
    """Phrases that callers are likely to say, best first, for the recogniser."""
    language: str = "en"
    """Of what is spoken: whose rules for numbers, units and addresses apply. Others than English have none."""
    pronounce: tuple[tuple[str, str], ...] = ()
    """Whole words, and how to say them."""
    hygiene: bool = True
    """Markup, addresses and the like become words for the voice; False to speak all of it as it is written."""


class EngineError(VivavoceError):
    """An engine could not be opened, so that there is no call; one line with which, why, and what its maker advises."""
