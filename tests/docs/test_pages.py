"""The pages name what there is: options, fields, invariants, metrics, files and functions."""

from __future__ import annotations

import argparse
import ast
import re
from functools import cache
from pathlib import Path

import pytest

from vivavoce.app import show
from vivavoce.app.cli import parser
from vivavoce.core.marks import ORDER
from vivavoce.core.notices import Origin, TurnReport
from vivavoce.providers.offline.voices import VOICES
from vivavoce.sim.faults import Faults
from vivavoce.sim.people import KINDS
from vivavoce.sim.score.score import Score
from vivavoce.wire.watching import report_dict

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "vivavoce"
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"^[\w/.-]+/[\w.-]+\.(py|jsonl|toml|txt)$")
_METHOD = re.compile(r"^([A-Z]\w+)\.(\w+)$")


@cache
def text_of(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def options(command: str) -> list[str]:
    subs = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    return [o for a in subs.choices[command]._actions for o in a.option_strings if o not in ("-h", "--help")]


@pytest.mark.parametrize(
    ("command", "page"),
    [
        ("talk", "talk.md"),
        ("replay", "talk.md"),
        ("explain", "talk.md"),
        ("simulate", "simulation.md"),
        ("pull", "engines.md"),
        ("bridge", "bridge.md"),
    ],
)
def test_every_option_is_described(command: str, page: str) -> None:
    missing = [o for o in options(command) if f"`{o}" not in text_of(page)]
    assert not missing


def test_every_json_field_of_a_turn_is_described() -> None:
    report = TurnReport(1, 1, Origin.TURN, "", "", "", True, False, None, None, (), (), None, ())
    fields = [*report_dict(report), *show.summary_of([report])]
    assert [f for f in fields if f"`{f}`" not in text_of("talk.md")] == []


def test_every_voice_is_named() -> None:
    assert [v.name for v in VOICES if f"`{v.name}`" not in text_of("talk.md")] == []


def test_callers_and_faults_are_named() -> None:
    names = [*KINDS, *Faults.__dataclass_fields__]
    assert [n for n in names if f"`{n}`" not in text_of("simulation.md")] == []


def test_every_invariant_is_named() -> None:
    named = {line.split("|")[1].strip() for line in text_of("simulation.md").splitlines() if line.startswith("| ")}
    missing = invariants(SOURCE / "sim" / "checks.py") | invariants(SOURCE / "sim" / "run.py")
    assert missing - named == set()


def invariants(file: Path) -> set[str]:
    """The names given to `require` and `Violation`, where they are written out."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            at = {"require": 1, "Violation": 0}.get(node.func.id)
            if at is not None and isinstance(node.args[at], ast.Constant):
                found.add(str(node.args[at].value))
    return found


def test_every_metric_and_mark_is_defined() -> None:
    metrics = [m for m in Score().metrics() if m not in ("gap_p90_ms", "gap_p95_ms")]
    assert [m for m in (*metrics, *ORDER) if f"`{m}`" not in text_of("metrics.md")] == []


def pages() -> list[str]:
    docs = ROOT / "docs"
    return sorted(p.relative_to(docs).as_posix() for p in docs.rglob("*.md"))


@pytest.mark.parametrize("page", pages())
def test_every_file_named_exists(page: str) -> None:
    named = {code for code in _CODE.findall(text_of(page)) if _PATH.match(code)}
    assert [n for n in named if not (ROOT / n).exists() and not (SOURCE / n).exists()] == []


@pytest.mark.parametrize("page", ["where-things-live.md", "life-of-a-frame.md", *(p for p in pages() if "/" in p)])
def test_every_method_named_exists(page: str) -> None:
    found = [m for code in _CODE.findall(text_of(page)) if (m := _METHOD.match(code.partition("(")[0]))]
    assert [m[0] for m in found if m[2] not in members().get(m[1], set())] == []


@cache
def members() -> dict[str, set[str]]:
    """Every class of the package, and what is defined in its body."""
    known: dict[str, set[str]] = {}
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                body = known.setdefault(node.name, set())
                for item in node.body:
                    if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                        body.add(item.name)
                    elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                        body.add(item.target.id)
    return known
