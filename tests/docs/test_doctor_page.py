"""The report on the page about the doctor has the sections and rows of a real one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from vivavoce.app.agent.names import EngineNames
from vivavoce.app.config.load import Config
from vivavoce.app.doctor import facts
from vivavoce.app.doctor.expect import ADVICE
from vivavoce.app.doctor.measure import Measured
from vivavoce.app.doctor.report import Report
from vivavoce.app.doctor.shown import SECTIONS, lines
from vivavoce.core.commands import Role
from vivavoce.core.policy import BROWSER

pytestmark = pytest.mark.offline

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^[* ] [✓✗] (?P<row>.+?)(?:  .*|)$")
_HOP = re.compile(r"^    (?P<hop>[a-z ]+?) +[+-]\d+ ms ")


def rendered() -> str:
    stt = {"final_ms": 300, "asked_after_ms": 200, "partials": True, "heard": "a"}
    llm = {"first_ms": 1, "clause_ms": 1, "tokens_per_s": 9, "words": 2, "cold_ms": 1}
    tts = {"first_ms": 1, "real_time": 0.1, "voice": "emma", "cold_ms": 1}
    measured = [
        Measured(Role.STT, "offline:pocketsphinx", stt),
        Measured(Role.LLM, "offline:script", llm),
        Measured(Role.TTS, "offline:espeak", tts),
    ]
    chosen = facts.Engine(Role.LLM, "offline:script", chosen=True)
    others = [engine for engine in facts.models({}) if engine.name != chosen.name]
    found = [*facts.engines(EngineNames(), {}), chosen, *others]
    report = Report(found, facts.parts(Config()), facts.versions(), BROWSER, measured)
    return "\n".join(line.plain for line in lines(report))


def structure(text: str) -> Iterator[str]:
    """Titles, rows and hops."""
    for line in text.splitlines():
        if (title := line.partition(":")[0]) in SECTIONS:
            yield title
        elif found := _ROW.match(line):
            yield found["row"].split("  ")[0].strip()
        elif found := _HOP.match(line):
            yield found["hop"]


def sample() -> str:
    found = re.search(r"```text\n\$ vivavoce doctor\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_sample_has_the_rows_of_a_report() -> None:
    told = list(structure(sample()))
    assert [title for title in told if title in SECTIONS] == list(SECTIONS)
    assert told == list(structure(rendered())), "docs/doctor.md is stale: paste what `vivavoce doctor` prints"


def test_the_sample_ends_with_an_advice_and_the_verdict() -> None:
    advice, verdict = sample().strip().splitlines()[-2:]
    assert any(words in advice for words in ADVICE.values())
    assert verdict == rendered().splitlines()[-1]


def test_every_field_is_described() -> None:
    fields = Report([], [], {}, BROWSER).as_json()
    assert [name for name in (*fields, *ADVICE) if f"`{name}`" not in PAGE] == []
