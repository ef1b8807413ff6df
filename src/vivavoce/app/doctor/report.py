"""Everything the doctor found, as one value: for people (shown.py) and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ...core.commands import Role
from ...core.policy import Policy
from .expect import Speeds, advice, marks
from .facts import Engine, Part
from .measure import Measured


@dataclass(frozen=True, slots=True)
class Report:
    engines: Sequence[Engine]
    parts: Sequence[Part]
    versions: Mapping[str, str]
    policy: Policy
    measured: Sequence[Measured] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What makes a call impossible, one line each."""
        lacking = [engine.needs for engine in self.engines if engine.chosen and engine.needs]
        lacking += [f"{part.name}: {part.needs}" for part in self.parts if part.required and part.needs]
        return lacking + [f"{one.detail} ({one.code})" for one in self.measured if one.code]

    @property
    def speeds(self) -> Speeds | None:
        """None unless all engines of an exchange could be measured."""
        facts = {one.role: one.facts for one in self.measured if not one.code}
        if not {Role.STT, Role.LLM, Role.TTS} <= facts.keys():
            return None
        stt, llm, tts = facts[Role.STT], facts[Role.LLM], facts[Role.TTS]
        silence = self.policy.endpoint.silence_ms
        return Speeds(stt["final_ms"], silence, llm["first_ms"], llm["clause_ms"], tts["first_ms"])

    @property
    def gap(self) -> tuple[int, tuple[tuple[str, int], ...]] | None:
        """The gap to expect, in ms, and its hops."""
        if (speeds := self.speeds) is None:
            return None
        reached = marks(speeds, self.policy, self._partials)
        return reached.gap_ms or 0, reached.hops()

    @property
    def advice(self) -> tuple[str, str]:
        """The hop to make faster, and how; or what to do first. Both empty when nothing was measured."""
        if self.problems:
            return "", f"First of all: {self.problems[0]}"
        speeds = self.speeds
        return ("", "") if speeds is None else advice(speeds, self.policy, self._partials)

    @property
    def _partials(self) -> bool:
        return any(one.facts.get("partials", False) for one in self.measured)

    def as_json(self) -> dict[str, Any]:
        slowest, told = self.advice
        gap_ms, hops = self.gap or (None, ())
        return {
            "possible": not self.problems,
            "problems": self.problems,
            "engines": [{**asdict(engine), "role": engine.role.value} for engine in self.engines],
            "parts": [asdict(part) for part in self.parts],
            "versions": dict(self.versions),
            "measured": {one.role.value: _measured(one) for one in self.measured},
            "gap_ms": gap_ms,
            "hops": dict(hops),
            "slowest": slowest,
            "advice": told,
        }


def _measured(one: Measured) -> dict[str, Any]:
    failed = {"code": one.code, "detail": one.detail} if one.code else {}
    return {"name": one.name, **one.facts, **failed}
