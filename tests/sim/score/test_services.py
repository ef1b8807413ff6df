"""Waterfalls, early answers and memory."""

from collections import Counter

from vivavoce.core.meter import Bill
from vivavoce.sim.score.services import Early, Memory, Services


def test_the_mean_waterfall_adds_up_also_where_hops_were_ahead() -> None:
    services = Services(2, [], Counter({"vad_off": 200, "llm_request": 50, "-llm_request": 150, "first_audible": 400}))
    assert services.mean_hops() == [("vad_off", 100), ("llm_request", -50), ("first_audible", 200)]
    assert Services().mean_hops() == []


def test_what_nobody_could_hear_is_waste() -> None:
    early = Early(started=4, used=1)
    early.wasted(Bill({"llm:m:input_tokens": 40.0, "llm:m:output_tokens": 2.0, "tts:v:characters": 11.0}))
    metrics = early.metrics()
    assert (metrics["speculation_hit"], metrics["speculation_waste_tokens"]) == (0.25, 42)
    assert metrics["speculation_waste_characters"] == 11


def test_memory_counts_words_and_replies() -> None:
    assert Memory(3, 1).metrics() == {"heard_text_errors": 1, "heard_exact": 3}
