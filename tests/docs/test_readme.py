"""What the pages tell people to type works: Python snippets run, command lines parse, links lead somewhere."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients.process import Served, serving

from vivavoce.app.cli import parser
from vivavoce.app.settings import policy_settings
from vivavoce.audio.wav import load_mono
from vivavoce.core.policy import PRESETS, changed

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def fenced(language: str) -> Iterator[tuple[str, str]]:
    """(page, block) of every fenced block in that language."""
    for page in PAGES:
        for found, block in _FENCE.findall(page.read_text(encoding="utf-8")):
            if found == language:
                yield name_of(page), block


def commands() -> Iterator[tuple[str, list[str]]]:
    """(page, arguments) of every command line in a fenced block."""
    for page, block in fenced(""):
        for line in block.splitlines():
            if line.startswith("vivavoce "):
                yield page, shlex.split(line, comments=True)[1:]


def links() -> Iterator[tuple[str, str]]:
    """(page, target) of every link to another file."""
    for page in PAGES:
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith(("#", "mailto:")):
                yield name_of(page), target.partition("#")[0]


SERVER = "http://127.0.0.1:8080/v1"


@pytest.mark.offline
@pytest.mark.parametrize("page", sorted({page for page, code in fenced("python") if SERVER not in code}))
def test_the_python_snippets_of_a_page_run_one_after_the_other(page: str, request: pytest.FixtureRequest) -> None:
    known: dict[str, Any] = {"__name__": "__main__"}
    for code in (code for other, code in fenced("python") if other == page and SERVER not in code):
        exec(compile(code, page, "exec"), known)
    for test in (value for name, value in known.items() if name.startswith("test_")):
        test(**{name: request.getfixturevalue(name) for name in inspect.signature(test).parameters})


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


@pytest.mark.offline
@pytest.mark.slow
@pytest.mark.parametrize(("page", "code"), [found for found in fenced("python") if SERVER in found[1]])
def test_a_python_snippet_runs_against_the_server(
    page: str,
    code: str,
    served: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code.replace(SERVER, served.url), page, "exec"), {"__name__": "__main__"})
    assert len(capsys.readouterr().out.split()) > 5
    if '"answer.wav"' in code:
        assert load_mono((tmp_path / "answer.wav").read_bytes(), 24_000).size > 5 * 24_000


@pytest.mark.parametrize(("page", "args"), [*commands()], ids=lambda x: " ".join(x) if isinstance(x, list) else x)
def test_a_command_line_parses(page: str, args: list[str]) -> None:
    given = parser().parse_args(args)
    changed(PRESETS["browser"], policy_settings(getattr(given, "policy", [])))


def test_the_command_lines_are_found() -> None:
    pages = {page for page, _ in commands()}
    assert {"docs/talk.md", "docs/simulation.md"} <= pages


@pytest.mark.parametrize(("page", "target"), sorted({*links()}))
def test_a_link_leads_somewhere(page: str, target: str) -> None:
    found = ((ROOT / page).parent / target).exists()
    assert found, f"{page} links to {target}, which is not there"
