"""The fixtures that users of pytest get."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import pytest

from vivavoce import Agent
from vivavoce.app.agent.simulate import Script


def test_pytest_finds_them() -> None:
    found = [entry.value for entry in entry_points(group="pytest11") if entry.name == "vivavoce"]
    assert found == ["vivavoce.app.agent.pytest_plugin"]


def test_finding_them_costs_next_to_nothing() -> None:
    code = "import pytest, sys; old = set(sys.modules); import vivavoce.app.agent.pytest_plugin; "
    code += "print(*sorted(name for name in set(sys.modules) - old))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [
        "vivavoce", "vivavoce.app", "vivavoce.app.agent", "vivavoce.app.agent.pytest_plugin"
    ]  # fmt: skip


@pytest.mark.offline
def test_they_work(simulate: Callable[..., Any], script: type[Script]) -> None:
    assert simulate(Agent("x"), "hello", llm=script("Good day.")).said == "Good day."


@pytest.fixture
def _configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VIVAVOCE_LLM", "VIVAVOCE_STT", "VIVAVOCE_TTS"):
        monkeypatch.setenv(variable, "nobody:nothing")


@pytest.mark.offline
@pytest.mark.usefixtures("_configured")
def test_what_this_machine_has_makes_no_difference(simulate: Callable[..., Any]) -> None:
    assert simulate(Agent("x"), "hello", spoken=True).turns
    assert "nobody:nothing" not in os.environ.values()
