"""What a duet will cost: against numbers computed by hand."""

from __future__ import annotations

import pytest

from vivavoce.app.prices.estimate import Side, estimate

PRICES = {
    ("big", "input_tokens"): 1e-5,
    ("big", "output_tokens"): 4e-5,
    ("small", "input_tokens"): 1e-6,
    ("small", "output_tokens"): 2e-6,
    ("voice", "characters"): 3e-5,
    ("voice", "seconds"): 0.0,
    ("clock", "characters"): 0.0,
    ("clock", "seconds"): 1e-3,
}
BIG = Side("big", "voice", instructions=400, answer=200)
SMALL = Side("small", "clock", instructions=800, answer=300)


def test_one_answer() -> None:
    found = estimate((BIG, SMALL), turns=1, topic=100, prices=PRICES)
    # (400 + 100) / 4 = 125 tokens read, 200 / 4 = 50 written; 200 characters spoken.
    assert found.sides[0] == pytest.approx({"llm": 125 * 1e-5 + 50 * 4e-5, "tts": 200 * 3e-5})
    assert found.sides[1] == {"llm": 0.0, "tts": 0.0}
    assert found.total == pytest.approx(0.00325 + 0.006)


def test_the_history_grows_with_every_answer() -> None:
    found = estimate((BIG, SMALL), turns=4, topic=100, prices=PRICES)
    # Read, in characters. Big: 500, then 500 + 200 + 300. Small: 900 + 200, then 900 + 200 + 300 + 200.
    big, small = (500 + 1000) / 4, (1100 + 1600) / 4
    assert found.sides[0] == pytest.approx({"llm": big * 1e-5 + 100 * 4e-5, "tts": 400 * 3e-5})
    # 600 characters in two answers: 150 tokens, 40 seconds of speech.
    assert found.sides[1] == pytest.approx({"llm": small * 1e-6 + 150 * 2e-6, "tts": 40 * 1e-3})
    assert found.hops == pytest.approx({"llm": 0.00375 + 0.004 + 0.000675 + 0.0003, "tts": 0.012 + 0.04})
    assert found.total == pytest.approx(sum(found.hops.values()))


def test_twice_the_answers_cost_more_than_twice() -> None:
    few, many = (estimate((BIG, SMALL), turns=turns, topic=0, prices=PRICES).hops for turns in (10, 20))
    assert many["llm"] > 2 * few["llm"]
    assert many["tts"] == pytest.approx(2 * few["tts"])


def test_what_has_no_price_is_not_free() -> None:
    found = estimate((BIG, Side("nobody", "clock", 800)), turns=2, topic=0, prices=PRICES)
    assert found.sides[1]["llm"] is None
    assert found.hops["llm"] is None
    assert found.hops["tts"] is not None
    assert found.total is None


def test_who_never_speaks_costs_nothing() -> None:
    assert estimate((BIG, Side("nobody", "nothing", 800)), turns=1, topic=0, prices=PRICES).total is not None


def test_embedded_engines_are_free() -> None:
    side = Side("offline:debate", "offline:espeak", 100)
    assert estimate((side, side), turns=12, topic=1000, prices={}).total == 0.0


def test_no_answers_cost_nothing() -> None:
    assert estimate((BIG, SMALL), turns=0, topic=100, prices=PRICES).total == 0.0
