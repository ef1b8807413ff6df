"""The doctor's report for people: one line per fact, then the waterfall of the gap to expect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.text import Text

from ...core.commands import Role
from .. import show
from .facts import Engine
from .measure import Measured
from .report import Report

ROLES = {Role.STT: "recogniser", Role.LLM: "language model", Role.TTS: "synthesiser", Role.TURN: "turn model"}
_OF_ROLE = {
    Role.STT: "Recognisers",
    Role.LLM: "Language models",
    Role.TTS: "Synthesisers",
    Role.TURN: "Turn models",
}
SECTIONS = (*_OF_ROLE.values(), "Parts", "Versions", "Latency", "Expected gap")
_WIDE = 40
_PER_LINE = 4
"""Versions."""


def lines(report: Report) -> Iterator[Text]:
    """What is printed."""
    for role, title in _OF_ROLE.items():
        yield _title(title)
        yield from (_engine(engine) for engine in report.engines if engine.role is role)
    yield _title("Parts")
    for part in report.parts:
        yield _row(not part.needs, part.name, part.needs or part.detail)
    yield _title("Versions")
    yield from _versions(report.versions)
    if report.measured:
        yield _title("Latency")
        yield from map(_latency, report.measured)
    if (gap := report.gap) is not None:
        yield _title("Expected gap", f"{gap[0]} ms from the end of speech to the first sound of the answer")
        yield from (Text(line, style="cyan") for line in show.bars(gap[1], gap[0]))
    yield Text()
    if told := report.advice[1]:
        yield Text(told)
    yield _verdict(report)


def _title(title: str, more: str = "") -> Text:
    return Text(f"\n{title}", style="bold") if not more else Text(f"\n{title}: {more}", style="bold")


def _engine(engine: Engine) -> Text:
    needs = engine.needs.removeprefix(f"{engine.name} ").removeprefix(f"the model of {engine.name} is ")
    line = _row(not engine.needs, engine.name, needs or engine.note)
    if engine.chosen:
        return Text("*", style="bold").append_text(line[1:])
    return line


def _row(fine: bool, name: str, detail: str) -> Text:
    line = Text("  ")
    line.append("✓ " if fine else "✗ ", style="green" if fine else "red")
    line.append(f"{name:<{_WIDE}} " if detail else name)
    return line.append(detail, style="dim" if fine else "")


def _versions(versions: Mapping[str, str]) -> Iterator[Text]:
    told = [f"{name} {version}" for name, version in versions.items()]
    for at in range(0, len(told), _PER_LINE):
        yield Text(f"  {', '.join(told[at : at + _PER_LINE])}")


def _latency(one: Measured) -> Text:
    told = f"{one.detail} ({one.code})" if one.code else _TOLD[one.role](one.facts)
    return _row(not one.code, ROLES[one.role], told.removeprefix(f"{one.name} ") if one.code else f"{one.name}: {told}")


def _stt(facts: Mapping[str, Any]) -> str:
    asked = facts["asked_after_ms"]
    return f"final words {facts['final_ms']} ms after speech (asked for after {asked} ms); heard: {facts['heard']}"


def _llm(facts: Mapping[str, Any]) -> str:
    rate = f", {facts['tokens_per_s']} tokens/s" if facts["tokens_per_s"] else ""
    clause = f"first clause {facts['clause_ms']} ms later"
    return f"first words {facts['first_ms']} ms ({facts['cold_ms']} ms at first), {clause}{rate}"


def _tts(facts: Mapping[str, Any]) -> str:
    first = f"first audio {facts['first_ms']} ms ({facts['cold_ms']} ms at first)"
    return f"{first}, {facts['real_time']:g} s of work for a second of speech"


def _turn(facts: Mapping[str, Any]) -> str:
    return f"a judgement {facts['check_ms']} ms ({facts['cold_ms']} ms at first)"


_TOLD: dict[Role, Callable[[Mapping[str, Any]], str]] = {
    Role.STT: _stt,
    Role.LLM: _llm,
    Role.TTS: _tts,
    Role.TURN: _turn,
}


def _verdict(report: Report) -> Text:
    if report.problems:
        return Text("No call is possible yet.", style="bold red")
    return Text("A call is possible: vivavoce talk, or vivavoce serve.", style="bold green")
