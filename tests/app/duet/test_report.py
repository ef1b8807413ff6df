"""What a duet says of itself on a terminal."""

from __future__ import annotations

import json

import pytest

from vivavoce.app.duet.costs import Costs
from vivavoce.app.duet.report import as_dict, printer, slowest, spent
from vivavoce.app.duet.stage import Line
from vivavoce.core.commands import Generate, Role, Usage, Why
from vivavoce.core.conversation import Conversation
from vivavoce.core.events import Tick, Used
from vivavoce.core.policy import BROWSER

LINE = Line("Ada", "Early is good.", "Early is", gap_ms=900, hops=(("llm_first_token", 700), ("first_audible", 200)))


def spending() -> Costs:
    conversation, costs = Conversation(BROWSER, {("m", "output_tokens"): 0.5}), Costs()
    costs.opened(conversation, "ada")
    costs.handled(0, Tick(), [Generate(1, (), False, Why.DUET, speaker="Ada")])
    used = Used(Usage(Role.LLM, "m", (("output_tokens", 3.0),)), 1)
    costs.handled(0, used, conversation.handle(0, used))
    return costs


def test_a_late_answer_names_the_slowest_hop(capsys: pytest.CaptureFixture[str]) -> None:
    printer(False, spending())(1, LINE)
    assert (
        capsys.readouterr().out == "Ada: Early is  [gap 900 ms, slowest: llm_first_token 700 ms, so far 1.5000 USD]\n"
    )
    assert slowest(Line("Ada")) == ""


def test_one_that_came_in_time_names_none(capsys: pytest.CaptureFixture[str]) -> None:
    printer(False, Costs())(1, Line("Ada", "Yes.", "Yes.", gap_ms=0, hops=LINE.hops))
    assert capsys.readouterr().out == "Ada: Yes.  [gap 0 ms]\n"


def test_an_object_a_turn(capsys: pytest.CaptureFixture[str]) -> None:
    printer(True, Costs())(3, LINE)
    row = json.loads(capsys.readouterr().out)
    assert row == as_dict(3, LINE)
    assert {"turn", "speaker", "agent_text", "gap_ms", "hops", "cost"} <= set(row)
    assert (row["turn"], row["agent_text"], row["hops"][0]) == (3, "Early is", {"name": "llm_first_token", "ms": 700})


def test_a_row_for_each_side() -> None:
    assert spent(spending()) == ["Ada: llm 1.5000 USD: 3 output tokens"]
