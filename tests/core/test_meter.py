import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.commands import Role, Usage
from vivavoce.core.meter import Meter

PRICES = {("big", "input_tokens"): 1e-6, ("big", "output_tokens"): 4e-6, ("gift", "input_tokens"): 0.0}


def llm(model="big", **amounts):
    return Usage(Role.LLM, model, tuple((k, float(v)) for k, v in amounts.items()))


def test_usage_times_price():
    meter = Meter(PRICES)
    meter.add(llm(input_tokens=1000, output_tokens=100), reply=1)
    meter.add(llm(output_tokens=100), reply=2)
    assert meter.call.total == pytest.approx(0.0018)
    assert meter.take(1).total == pytest.approx(0.0014)
    assert meter.take(2).total == pytest.approx(0.0004)
    assert meter.call.amounts == {"llm:big:input_tokens": 1000, "llm:big:output_tokens": 200}


def test_what_nobody_asked_for_is_on_the_calls_bill_only():
    meter = Meter(PRICES)
    meter.add(llm(input_tokens=5), reply=None)
    assert meter.call.cost > 0
    assert meter.replies == {}
    assert meter.take(7).total == 0.0


def test_an_unknown_price_is_unpriced_and_not_nothing():
    meter = Meter(PRICES)
    meter.add(llm("other", input_tokens=10), reply=1)
    meter.add(llm(input_tokens=10), reply=2)
    assert meter.take(1).total is None
    assert meter.take(2).total == pytest.approx(1e-5)
    assert meter.call.total is None
    # ... and the part that is priced is still counted against a budget.
    assert meter.call.cost == pytest.approx(1e-5)


def test_none_of_something_unpriced_costs_nothing():
    meter = Meter(PRICES)
    meter.add(llm(input_tokens=1, cached_tokens=0), reply=1)
    assert meter.take(1).total == pytest.approx(1e-6)


def test_a_price_of_zero_is_a_price():
    meter = Meter(PRICES)
    meter.add(llm("gift", input_tokens=1000), reply=1)
    assert meter.call.total == 0.0


def test_what_runs_here_is_free():
    meter = Meter({})
    meter.add(Usage(Role.TTS, "offline:voice", (("characters", 400.0),)), reply=1)
    assert meter.call.total == 0.0
    assert meter.call.amounts == {"tts:offline:voice:characters": 400.0}


def test_cost_never_falls():
    meter = Meter(PRICES)
    with pytest.raises(ValueError, match="negative usage"):
        meter.add(llm(input_tokens=5, output_tokens=-1), reply=1)
    assert meter.call.amounts == {}


usages = st.tuples(
    st.sampled_from(["big", "gift", "offline:x", "other"]),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.none() | st.integers(1, 3),
)


@given(st.lists(usages, max_size=20))
def test_the_call_costs_what_its_replies_and_the_rest_cost(rows):
    meter, rest, last = Meter(PRICES), 0.0, 0.0
    for model, tokens_in, tokens_out, reply in rows:
        before = meter.call.cost
        meter.add(llm(model, input_tokens=tokens_in, output_tokens=tokens_out), reply)
        assert meter.call.cost >= last
        last = meter.call.cost
        if reply is None:
            rest += meter.call.cost - before
    assert meter.call.cost == pytest.approx(rest + sum(b.cost for b in meter.replies.values()))
    unpriced = [o if m == "gift" else i or o for m, i, o, _ in rows if m in ("gift", "other")]
    assert (meter.call.total is None) == any(unpriced)
