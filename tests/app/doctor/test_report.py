"""From facts and measurements to a verdict, and what of it a person or a program is told."""

from __future__ import annotations

import json
from dataclasses import replace

from vivavoce.app.doctor.facts import Engine, Part
from vivavoce.app.doctor.measure import Measured
from vivavoce.app.doctor.report import Report
from vivavoce.app.doctor.shown import lines
from vivavoce.core.commands import Role
from vivavoce.core.policy import BROWSER

MEASURED = [
    Measured(Role.STT, "a:b", {"final_ms": 300, "asked_after_ms": 200, "partials": True, "heard": "the leader"}),
    Measured(Role.LLM, "c:d", {"first_ms": 400, "clause_ms": 50, "tokens_per_s": 80, "words": 20, "cold_ms": 900}),
    Measured(Role.TTS, "e:f", {"first_ms": 90, "real_time": 0.2, "voice": "v", "cold_ms": 100}),
]
WELL = Report(
    [
        Engine(Role.STT, "a:b", chosen=True),
        Engine(Role.LLM, "c:d", chosen=True),
        Engine(Role.TTS, "x:y", "needs a key"),
    ],
    [Part("voice detector", "Silero", required=True), Part("microphone", needs="none found")],
    {"python": "3.11"},
    BROWSER,
    MEASURED,
)


def text(report: Report) -> str:
    return "\n".join(line.plain for line in lines(report))


def test_a_call_is_possible_whatever_is_missing_besides() -> None:
    assert WELL.problems == []
    assert WELL.gap is not None
    assert WELL.gap[0] == 90 + 400 + 50 + 90
    assert WELL.advice[0] == "first"
    told = text(WELL)
    assert "* ✓ a:b" in told
    assert "  ✗ microphone" in told
    assert "Expected gap: 630 ms" in told
    assert "Slowest is the first words of the language model" in told
    assert told.endswith("A call is possible: vivavoce talk, or vivavoce serve.")


def test_a_turn_model_is_no_part_of_the_gap() -> None:
    turn = Measured(Role.TURN, "g:h", {"check_ms": 47, "cold_ms": 110})
    more = replace(WELL, engines=[*WELL.engines, Engine(Role.TURN, "g:h", chosen=True)], measured=[*MEASURED, turn])
    assert more.gap == WELL.gap
    assert "turn model                               g:h: a judgement 47 ms (110 ms at first)" in text(more)
    assert replace(more, measured=[*MEASURED[:2], turn]).gap is None


def test_what_keeps_a_call_from_being_possible() -> None:
    no_key = replace(WELL, engines=[Engine(Role.TTS, "x:y", "x:y needs a key; set it", chosen=True)])
    no_vad = replace(WELL, parts=[Part("voice detector", needs="install it", required=True)])
    rejected = replace(
        WELL, measured=[*MEASURED[:2], Measured(Role.TTS, "e:f", {}, "refused", "e:f: the key is wrong")]
    )
    wanted = ["x:y needs a key; set it", "voice detector: install it", "e:f: the key is wrong (refused)"]
    for report, problem in zip((no_key, no_vad, rejected), wanted, strict=True):
        assert report.problems == [problem]
        assert f"First of all: {problem}" in text(report)
        assert text(report).endswith("No call is possible yet.")
    assert rejected.gap is None
    assert "Expected gap" not in text(rejected)


def test_without_measurements_there_is_no_gap() -> None:
    quick = replace(WELL, measured=[])
    assert (quick.gap, quick.advice, quick.problems) == (None, ("", ""), [])
    assert "Latency" not in text(quick)


def test_json_has_the_same_facts() -> None:
    told = json.loads(json.dumps(WELL.as_json()))
    assert told["possible"] is True
    assert told["gap_ms"] == sum(told["hops"].values()) == 630
    assert told["slowest"] == "first"
    assert told["measured"]["stt"]["final_ms"] == 300
    assert told["measured"]["llm"]["name"] == "c:d"
    assert told["engines"][2] == {"role": "tts", "name": "x:y", "needs": "needs a key", "chosen": False, "note": ""}
    failed = replace(WELL, measured=[Measured(Role.STT, "a:b", {}, "timeout", "too slow")]).as_json()
    assert failed["measured"]["stt"] == {"name": "a:b", "code": "timeout", "detail": "too slow"}
    assert failed["gap_ms"] is None
