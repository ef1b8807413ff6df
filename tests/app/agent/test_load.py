"""Files of users: the agents in them, and what is said when there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from vivavoce.app.agent.load import load_agents
from vivavoce.core.errors import BadInput

TWO = """
from __future__ import annotations
from vivavoce import Agent
from beside import NAME

desk = Agent("You are the desk.", name=NAME)
same = desk
billing = Agent("You know about bills.", name="billing", handoffs=[desk])

@billing.tool
def get_bill(month: str) -> str:
    "A bill."
    return month
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "my_app.py"
    path.write_text(text)
    return path


def test_all_agents_once_and_who_is_handed_to_last(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("NAME = 'desk'")
    found = load_agents(write(tmp_path, TWO))
    assert [agent.name for agent in found] == ["billing", "desk"]
    assert "get_bill" in found[0].tools


def test_of_those_who_hand_over_to_each_other_who_greets_comes_first(tmp_path: Path) -> None:
    text = """
from vivavoce import Agent
billing = Agent("Bills.", name="billing")
desk = Agent("Desk.", name="desk", greeting="Hello.", handoffs=[billing])
billing.hand_off_to(desk)
"""
    assert [agent.name for agent in load_agents(write(tmp_path, text))] == ["desk", "billing"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = 1", "makes no Agent; fix: write agent = Agent"),
        ("x = 1\n1 / 0", r"cannot be run: my_app\.py, line 2: ZeroDivisionError: division by zero"),
        ("import nowhere_to_be_found", "cannot be run: .*No module named 'nowhere_to_be_found'"),
        ("def (", "cannot be run: .*SyntaxError"),
        ("from vivavoce import Agent\nAgent('')", "my_app.py: an agent needs instructions"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as error:
        load_agents(write(tmp_path, text))
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file; fix: give a Python file"):
        load_agents(tmp_path / "none.py")
