from __future__ import annotations

from pathlib import Path

import pytest
from tests.runtime.fakes import HELLO, Call, Said, ScriptLlm, ScriptStt, ToneTts, make, tool

from vivavoce.core.policy import BROWSER, changed
from vivavoce.providers.base import ProviderError, ToolCall
from vivavoce.runtime.record import CAPTURE, Recorder
from vivavoce.runtime.replay import replay
from vivavoce.wire.capture import Capture, decode

STORY = [f"This is sentence number {n} of a long story. " for n in range(8)]
CALLER = (
    Said(500, 900, "tell me a story"),
    Said(4_000, 1_500, "mm and what then my dear"),
    Said(7_500, 800, "stop it"),
)


def weather(place: str = "here") -> str:
    return f"sunny in {place}"


CALLS: dict[str, dict[str, object]] = {
    "plain": {},
    "greeted": {"greeting": "Hello there. What can I do for you?"},
    "interrupted": {"llm": ScriptLlm(STORY)},
    "tool": {
        "llm": ScriptLlm(["Wait. ", ToolCall("c1", "weather", '{"place":"Rome"}')], ["It is sunny."]),
        "tools": [tool(weather, read_only=True)],
    },
    "llm died": {"llm": ScriptLlm(["This is the begin", RuntimeError("boom")], STORY)},
    "llm stalls": {"llm": ScriptLlm(["Well, ", -1])},
    "tts fails once": {"tts": ToneTts(fails="sentence"), "llm": ScriptLlm(STORY[:2])},
    "tts fails twice": {"tts": ToneTts(fails="sentence", times=2), "llm": ScriptLlm(STORY[:2])},
    "tts stalls": {"tts": ToneTts(stalls="sentence", times=9), "llm": ScriptLlm(STORY[:2])},
    "stt dies": {"stt": ScriptStt(*CALLER, dies_at=4_500), "llm": ScriptLlm(STORY)},
    "odd text": {"llm": ScriptLlm(["Über \ud83d", "日本。", " \u2028 “quote” \n new line."])},
    "odd ids": {"llm": ScriptLlm([ToolCall("", "nothing", "}"), ToolCall("", "weather", "[]")], ["Done."])},
    "error of the model": {"llm": ScriptLlm([ProviderError("refused", "bad\nkey")])},
}


def record(folder: Path, **more: object) -> tuple[Call, Capture]:
    call = make(*CALLER, until=10_500, observers=[Recorder(folder)], **more).run()  # type: ignore[arg-type]
    return call, decode((folder / CAPTURE).read_bytes())


@pytest.mark.parametrize("name", CALLS)
def test_a_recording_replays_to_the_same_commands(name: str, tmp_path: Path) -> None:
    call, capture = record(tmp_path, **CALLS[name])
    result = replay(capture)
    assert result.identical, result.first_difference
    assert result.steps == len(capture.steps) == len(call.log.rows)
    assert result.commands == sum(len(commands) for _, _, commands in call.log.rows) > 20


def test_another_policy_shows_where_it_would_have_gone_another_way(tmp_path: Path) -> None:
    _, capture = record(tmp_path, llm=ScriptLlm(STORY))
    eager = changed(BROWSER, {"barge_in.duck_after_ms": 200, "barge_in.stop_after_ms": 500})
    result = replay(capture, eager)
    assert not result.identical
    difference = result.first_difference
    assert difference is not None
    step = next(s for s in capture.steps if s.line == difference.line)
    assert difference.expected == step.commands
    assert any("Duck" in c for c in difference.expected)
    assert not any("Duck" in c for c in difference.got)
    assert 4_000 < difference.now < 4_500
    assert result.steps < len(capture.steps)


def test_the_recorded_policy_is_the_one_that_counts(tmp_path: Path) -> None:
    policy = changed(BROWSER, {"endpoint.silence_ms": 900, "reply.speculate": "false"})
    _, capture = record(tmp_path, policy=policy)
    assert capture.header.policy == policy
    assert replay(capture).identical
    assert not replay(capture, BROWSER).identical


def test_a_bug_shows_as_the_step_that_meets_it(tmp_path: Path) -> None:
    call = make(HELLO, until=3_000, observers=[Recorder(tmp_path)]).run()
    capture = decode((tmp_path / CAPTURE).read_bytes())
    first = capture.steps[0]
    broken = Capture(capture.header, (first, *capture.steps[5:9], first))
    result = replay(broken)
    assert result.first_difference is not None
    assert "Misuse" in result.first_difference.got[0]
    assert call.summary is not None
