"""The examples do what they show: imported, called, tested by pytest, talked to and served as a user would."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI
from tests.clients.process import serving

from vivavoce import Agent, Script
from vivavoce.app.agent.load import load_agents

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NAMES = sorted(path.name for path in EXAMPLES.glob("*.py"))
pytestmark = pytest.mark.offline


@pytest.fixture(autouse=True)
def _as_after_installing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("VIVAVOCE_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VIVAVOCE_LLM", "offline:script")


def agent(name: str) -> Agent:
    return load_agents(EXAMPLES / name)[0]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("test_")])
def test_every_example_can_be_called(name: str) -> None:
    result = agent(name).simulate("hello")
    assert result.turns[-1].heard
    assert result.reports == []


def test_tools(capsys: pytest.CaptureFixture[str]) -> None:
    result = agent("tools.py").simulate("book a table", "friday", "four", "thank you")
    assert result.called("book_table", day="friday", guests=4)
    assert "One moment please, I am writing that down." in result.said
    assert "booked: friday" in capsys.readouterr().out
    llm = Script(Script.call("book_table", day="friday", guests=9), "Too many.")
    assert agent("tools.py").simulate("nine", llm=llm).tools[0].output == "ValueError: no table has more than 8 seats"


def test_handoff_and_back() -> None:
    llm = Script(
        Script.call("hand_off_to_billing"),
        Script.call("get_bill", month="May"),
        "It is 12 euros.",
        Script.call("hand_off_to_desk"),
        "The desk again.",
    )
    result = agent("handoff.py").simulate("my bill of May", "something else", llm=llm)
    assert result.agents == ["desk", "billing", "desk"]
    assert result.tools[1].output == "Number 4711 owes 12 euros for May."


def test_own_engine() -> None:
    result = agent("own_engine.py").simulate("hello", llm=Script("Stop. Stop. Stop."))
    assert (result.said, result.reports) == ("Hello. Stop. Stop. Stop.", [])
    # 63 units of 40 ms are three times "stop" with their pauses.
    assert result.duration_ms > 3 * 40 * 20


def test_their_own_tests_pass(tmp_path: Path) -> None:
    for name in ("butler.py", "test_butler.py"):
        shutil.copy(EXAMPLES / name, tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_butler.py"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (found.returncode, "4 passed" in found.stdout) == (0, True), found.stdout


def test_talking_to_the_butler() -> None:
    command = [sys.executable, "-m", "vivavoce", "talk", str(EXAMPLES / "butler.py"), "--json"]
    found = subprocess.run([*command, "--text", "what is the weather in Paris"], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    greeting, weather, summary = map(json.loads, found.stdout.splitlines())
    assert greeting["heard_text"] == "Good evening."
    assert "raining in Paris" in weather["heard_text"]
    assert summary["summary"]["reports"] == []


async def test_serving_the_desk() -> None:
    with serving(str(EXAMPLES / "handoff.py")) as served:
        async with AsyncOpenAI(base_url=served.url, api_key="x") as client:
            assert [model.id async for model in client.models.list()] == ["desk", "billing"]
            async with client.realtime.connect(model="billing") as connection:
                event: Any = await asyncio.wait_for(connection.recv(), 10)
                assert event.session.instructions.startswith("You know about bills")


PAGES = {"README.md": "butler.py", "docs/agents.md": "butler.py", "docs/own-engine.md": "own_engine.py"}
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def lines(code: str) -> list[str]:
    return [line for line in code.splitlines() if line.strip()]


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_show_the_examples(page: str) -> None:
    code = (EXAMPLES / PAGES[page]).read_text(encoding="utf-8").split('"""', 2)[2]
    assert lines(code) in [lines(block) for block in _BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))]


def test_no_example_is_forgotten() -> None:
    assert NAMES == ["butler.py", "handoff.py", "own_engine.py", "test_butler.py", "tools.py"]
