"""Which engines an agent wants: by name, or its own objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from ...core.errors import BadInput

if TYPE_CHECKING:
    from ...providers.base import Llm, Stt, Tts, TurnScorer

    Engine: TypeAlias = "str | Llm | Stt | Tts | TurnScorer | Own"
    Names: TypeAlias = Engine | Iterable[Engine]
    """A name, several separated by commas, an engine of the user's own, or a list of them: later ones stand in for
    earlier ones that fail."""

VARIABLES = {"llm": "VIVAVOCE_LLM", "stt": "VIVAVOCE_STT", "tts": "VIVAVOCE_TTS", "turn": "VIVAVOCE_TURN"}
NONE = "none"
"""As the name of a turn model: there is to be none, whatever is configured."""
_NEEDED = {
    "llm": ("model", "stream", "close"),
    "stt": ("model", "open", "close"),
    "tts": ("model", "rate", "voices", "speak", "close"),
    "turn": ("model", "score", "close"),
}
"""What an engine must have, by its Protocol in providers/base.py."""


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """An engine of the user's own. Two are equal when they are the same object."""

    engine: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own) and other.engine is self.engine

    def __hash__(self) -> int:
        return id(self.engine)


Wanted = tuple[str | Own, ...]


@dataclass(frozen=True, slots=True)
class EngineNames:
    """Engines of each role, the first choice first; none for the default."""

    llm: Wanted = ()
    stt: Wanted = ()
    tts: Wanted = ()
    turn: Wanted = ()
    """One at most, or `NONE`."""

    @classmethod
    def of(cls, llm: Names = "", stt: Names = "", tts: Names = "", turn: Names = "") -> EngineNames:
        """Raises BadInput for what is neither a name nor an engine."""
        return cls(_names("llm", llm), _names("stt", stt), _names("tts", tts), _names("turn", turn))

    def otherwise(self, env: Mapping[str, str]) -> EngineNames:
        """What is not said here, as the environment has it."""
        found = {role: _names(role, env.get(variable, "")) for role, variable in VARIABLES.items()}
        return replace(self, **{role: names for role, names in found.items() if not getattr(self, role)})


def _names(role: str, given: Any) -> Wanted:
    """Raises BadInput."""
    if isinstance(given, str):
        given = given.split(",")
    elif hasattr(given, "model") or not isinstance(given, Iterable):
        given = [given]
    found = (part.strip() if isinstance(part, str) else _own(role, part) for part in given)
    wanted = tuple(part for part in found if part)
    if role == "turn" and len(wanted) > 1:
        raise BadInput(f"turn is one engine, as no other stands in for it, not {len(wanted)}; fix: name one of them")
    return wanted


def _own(role: str, engine: Any) -> Own:
    """Raises BadInput for what is no engine of this role."""
    if isinstance(engine, Own):
        return engine
    kind = engine if isinstance(engine, type) else type(engine)
    lacking = [name for name in _NEEDED[role] if not hasattr(engine, name)]
    if len(lacking) == len(_NEEDED[role]):
        fix = "write a name, as 'openai:gpt-5-mini', or an engine of your own"
        raise BadInput(f"{role} is an engine, or a list of them, not {engine!r}; fix: {fix}")
    if kind is engine:
        raise BadInput(f"{role} is the class {kind.__name__}; fix: make an engine of it, as {kind.__name__}()")
    if lacking:
        raise BadInput(f"{role}: {kind.__name__} has no {', '.join(lacking)}; fix: see docs/own-engine.md")
    return Own(engine)
