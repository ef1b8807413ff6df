"""Fixtures for tests of agents. pytest loads this in every run, so nothing is imported before a test asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .simulate import Script, Simulated


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Simulated]:
    """`simulate(agent, "hello", ...)`: a call on a virtual clock, as `agent.simulate`. Where the agent names no engine
    the embedded one is taken, whatever this machine has."""
    from .names import VARIABLES
    from .simulate import simulate

    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(VARIABLES["llm"], "offline:script")
    return simulate


@pytest.fixture
def script() -> type[Script]:
    """`script("Hello.", script.call("get_weather", city="Rome"), "Rain.")`: a language model that says that."""
    from .simulate import Script

    return Script
