"""Which engines an agent wants, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...core.errors import BadInput

Names = str | Iterable[str]
"""One name, several separated by commas, or a list: later ones stand in for earlier ones that fail."""
VARIABLES = {"llm": "VIVAVOCE_LLM", "stt": "VIVAVOCE_STT", "tts": "VIVAVOCE_TTS"}


@dataclass(frozen=True, slots=True)
class EngineNames:
    """Engines of each role, the first choice first; none for the default."""

    llm: tuple[str, ...] = ()
    stt: tuple[str, ...] = ()
    tts: tuple[str, ...] = ()

    @classmethod
    def of(cls, llm: Names = "", stt: Names = "", tts: Names = "") -> EngineNames:
        """Raises BadInput for what is no name."""
        return cls(_names("llm", llm), _names("stt", stt), _names("tts", tts))

    def otherwise(self, env: Mapping[str, str]) -> EngineNames:
        """What is not said here, as the environment has it."""
        found = {role: _names(role, env.get(variable, "")) for role, variable in VARIABLES.items()}
        return replace(self, **{role: names for role, names in found.items() if not getattr(self, role)})


def _names(role: str, given: Any) -> tuple[str, ...]:
    parts = given.split(",") if isinstance(given, str) else list(given)
    if not all(isinstance(part, str) for part in parts):
        raise BadInput(f"{role} is the name of an engine, as 'openai:gpt-5-mini', or a list of such names")
    return tuple(part.strip() for part in parts if part.strip())
