"""What is known before a duet begins."""

from __future__ import annotations

from typing import Any

import pytest

from vivavoce.app.agent.agent import Agent
from vivavoce.app.agent.names import EngineNames
from vivavoce.app.duet.plan import Plan
from vivavoce.app.duet.troupe import Mind
from vivavoce.app.prices.table import Price, PriceTable
from vivavoce.core.errors import BadInput
from vivavoce.core.policy import BROWSER, changed

PRICES = PriceTable(
    {
        "m": Price({"input_tokens": 0.0, "output_tokens": 0.01}),
        "v": Price({"characters": 0.001, "seconds": 0.0}),
    }
)


class Model:
    def __init__(self, model: str) -> None:
        self.model = model

    async def stream(self, ask: Any) -> Any:
        raise NotImplementedError

    async def close(self) -> None: ...


def plan(model: str = "m", voices: tuple[str, str] = ("amy", "george"), budget: float = 0.0) -> Plan:
    agents = Agent("One.", name="ada", voice=voices[0]), Agent("Two.", name="bob", voice=voices[1])
    mind = Mind(EngineNames(tts=("v",)), (Model(model),), "A note.")
    return Plan("Cats.", changed(BROWSER, {"limits.budget": budget}), agents, (mind, mind), PRICES, 10)


def test_it_says_what_it_will_cost() -> None:
    # 10 answers of 300 characters: 75 tokens of the model and 300 characters of the voice each.
    assert plan().turn_cost == pytest.approx(75 * 0.01 + 0.3)
    assert plan().notes()[-1] == "It will cost about 10.5000 USD (llm 7.5000, tts 3.0000)."


def test_what_has_no_price_is_not_guessed() -> None:
    assert plan("unknown").estimate.total is None
    assert plan("unknown").turn_cost == 0.0
    assert plan("unknown").notes()[-1] == "What it will cost is not known: not everything has a price."


def test_a_budget_needs_prices() -> None:
    plan(budget=1.0).check()
    with pytest.raises(BadInput, match="--budget needs prices, and llm has none; fix: give it with --prices FILE"):
        plan("unknown", budget=1.0).check()


def test_what_runs_here_costs_nothing_and_two_of_one_voice_are_warned_of() -> None:
    assert plan().notes()[:2] == ["A note.", "A note."]
    assert "will be hard to tell apart" in plan(voices=("amy", "amy")).notes()[2]
