from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest
from tests.runtime.fakes import HELLO, Call, Said, ScriptLlm, ToneTts, make, tone, tool

from vivavoce.audio.pcm import Pcm
from vivavoce.core.commands import Cancel, FinishWords, Generate, Role, RunTool, ScoreTurn, Speak, Usage
from vivavoce.core.conversation import Conversation
from vivavoce.core.errors import Misuse
from vivavoce.core.events import (
    Played,
    ProviderFailed,
    RemoteReplied,
    ReplyAudio,
    ReplyAudioEnded,
    ReplyText,
    ToolAsked,
    ToolDone,
    TurnScore,
    Used,
    UserWords,
)
from vivavoce.core.notices import Ending, ReplyClosed, ToolSettled, UserTurned
from vivavoce.core.policy import BROWSER, changed
from vivavoce.providers.base import Ask, ProviderError, Speech, TextDelta, ToolCall
from vivavoce.runtime.clock import run
from vivavoce.runtime.engines import AgentConfig, Engines
from vivavoce.runtime.session import Session

PATIENT = changed(BROWSER, {"reply.speculate": "false"})
STORY = [f"This is sentence number {n} of a long story. " for n in range(8)]
APOLOGY = BROWSER.reply.apology


def failures(call: Call) -> list[tuple[Role, str]]:
    return [(e.role, e.code) for e in call.events(ProviderFailed)]  # type: ignore[attr-defined]


def heard(call: Call) -> list[str]:
    return [n.heard for n in call.told(ReplyClosed)]  # type: ignore[union-attr]


def audio_is_in_order(call: Call) -> None:
    """No audio of a part before the one before it has ended, and only what the core was told of is played."""
    ended: dict[int, int] = {}
    made: dict[int, int] = {}
    for _, event, commands in call.log.rows:
        if isinstance(event, ReplyAudio):
            assert event.part == ended.get(event.reply, 0)
            made[event.reply] = made.get(event.reply, 0) + event.samples
        elif isinstance(event, ReplyAudioEnded):
            assert event.part == ended.get(event.reply, 0)
            again = any(isinstance(c, Speak) and c.part == event.part for c in commands)
            ended[event.reply] = event.part + (not again)
        elif isinstance(event, Played):
            assert event.samples <= made.get(event.reply, 0)


def test_a_model_that_dies_in_the_middle_is_reported_and_apologised_for() -> None:
    call = make(HELLO, llm=ScriptLlm(["I think that ", RuntimeError("connection reset")]), until=9_000).run()
    assert (Role.LLM, "died") in failures(call)
    assert heard(call)[-1] == APOLOGY
    assert call.summary is not None
    assert "RuntimeError: connection reset" in [r.detail for r in call.summary.reports]
    audio_is_in_order(call)


def test_a_model_that_falls_silent_is_given_up() -> None:
    policy = changed(BROWSER, {"reply.llm_timeout_ms": 2_000})
    call = make(HELLO, llm=ScriptLlm([-1]), policy=policy, until=12_000).run()
    assert heard(call)[-1] == APOLOGY
    assert call.llm.open == 0


def test_a_model_that_never_stops_is_stopped() -> None:
    class Endless(ScriptLlm):
        async def stream(self, ask: Ask) -> AsyncIterator[TextDelta]:  # type: ignore[override]
            self.asks.append(ask)
            while True:
                yield TextDelta("word " * 200 + ". ")

    call = make(HELLO, llm=Endless(), until=4_000).run()
    assert (Role.LLM, "overflow") in failures(call) or (Role.TTS, "overflow") in failures(call)
    assert call.summary is not None
    assert call.summary.reason == "caller"


def test_a_synthesis_that_fails_is_tried_again() -> None:
    call = make(HELLO, tts=ToneTts(fails="noon"), until=6_000).run()
    assert failures(call) == [(Role.TTS, "refused")]
    assert call.tts.spoken.count("It is noon.") == 2
    assert heard(call) == ["It is noon. Anything else?"]
    audio_is_in_order(call)


def test_a_synthesis_that_fails_twice_ends_the_reply() -> None:
    call = make(HELLO, tts=ToneTts(fails="noon", times=2), policy=PATIENT, until=9_000).run()
    assert failures(call) == [(Role.TTS, "refused")] * 2
    assert heard(call)[-1] == APOLOGY
    audio_is_in_order(call)


def test_a_synthesis_that_stalls_is_replaced() -> None:
    policy = changed(BROWSER, {"reply.tts_timeout_ms": 1_000})
    call = make(HELLO, tts=ToneTts(stalls="else"), policy=policy, until=9_000).run()
    assert call.tts.spoken.count(" Anything else?") == 2
    assert heard(call) == ["It is noon. Anything else?"]
    assert call.tts.open == 0
    audio_is_in_order(call)


def test_silence_for_words_is_a_failure_and_not_an_answer() -> None:
    class Mute(ToneTts):
        async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech]:  # type: ignore[override]
            self.spoken.append(text)
            if "noon" in text and self.spoken.count(text) == 1:
                yield Speech(np.zeros(9_000, dtype=np.int16))
            else:
                yield Speech(tone(500, self.rate))

    call = make(HELLO, tts=Mute(), until=6_000).run()
    assert call.tts.spoken.count("It is noon.") == 2
    assert heard(call) == ["It is noon. Anything else?"]
    audio_is_in_order(call)


@pytest.mark.parametrize("speech", [Speech(np.zeros((5, 2), dtype=np.int16)), Speech(np.zeros(500, dtype=np.float64))])
def test_a_synthesiser_that_gives_no_audio_has_failed(speech: Speech) -> None:
    class Broken(ToneTts):
        async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech]:  # type: ignore[override]
            yield speech

    call = make(HELLO, tts=Broken(), until=4_000).run()
    assert (Role.TTS, "bad_audio") in failures(call)


def test_an_endless_synthesis_is_ended_and_what_was_made_is_played() -> None:
    class Endless(ToneTts):
        async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech]:  # type: ignore[override]
            while True:
                yield Speech(tone(1_000, self.rate))

    policy = changed(BROWSER, {"reply.apology": ""})
    call = make(greeting="Well.", tts=Endless(), policy=policy, until=60_000).run()
    # The maker is asked to wait, so that what is ahead stays small; the buffer never overflows.
    assert failures(call) == []
    made = sum(e.samples for e in call.events(ReplyAudio))  # type: ignore[attr-defined]
    assert made <= 24_000 * (60 + 11)
    assert call.summary is not None
    assert call.summary.underruns == 0


def test_after_a_cancel_nothing_of_a_reply_is_written_or_told() -> None:
    stop = Said(3_500, 800, "stop it right now")
    call = make(HELLO, stop, llm=ScriptLlm(STORY), tts=ToneTts(chunk_delay_ms=150), until=8_000).run()
    gone: set[int] = set()
    for _, event, commands in call.log.rows:
        if isinstance(event, ReplyAudio | ReplyAudioEnded | ReplyText):
            assert event.reply not in gone
        gone |= {c.reply for c in commands if isinstance(c, Cancel)}
    assert gone
    assert call.tts.open == 0
    audio_is_in_order(call)


def test_usage_is_metered_per_reply_and_nonsense_is_refused() -> None:
    wrong = Usage(Role.LLM, "fake-llm", (("output_tokens", -4.0),))
    call = make(HELLO, llm=ScriptLlm(["Noon.", wrong])).run()
    assert (Role.LLM, "bad_usage") in failures(call)
    used = call.events(Used)
    assert {e.usage.role for e in used} == {Role.LLM, Role.TTS}  # type: ignore[attr-defined]
    assert {e.reply for e in used} == {1}  # type: ignore[attr-defined]


def add(a: int, b: int) -> int:
    return a + b


def test_a_tool_is_run_and_its_result_answered() -> None:
    answers = (["One moment. ", ToolCall("c", "add", '{"a":2,"b":40}')], ["It is 42."])
    call = make(HELLO, llm=ScriptLlm(*answers), tools=[tool(add)], until=9_000).run()
    assert call.events(ToolDone) == [ToolDone("c", "42", True)]
    assert heard(call) == ["One moment.", "It is 42."]
    assert [t.name for t in call.llm.asks[0].tools] == ["add"]
    assert [type(i).__name__ for i in call.llm.asks[1].items] == ["Message", "Message", "Call", "Result"]


def test_ids_that_a_model_repeats_become_names_of_their_own() -> None:
    twice = [ToolCall("c", "add", '{"a":1,"b":1}'), ToolCall("c", "add", '{"a":2,"b":2}'), ToolCall("", "add", "{}")]
    call = make(HELLO, llm=ScriptLlm(twice, twice, ["Done."]), tools=[tool(add)], until=9_000).run()
    asked = [e.call for e in call.events(ToolAsked)]  # type: ignore[attr-defined]
    assert asked[:3] == ["c", "c_1", "call_1"]
    assert len(set(asked)) == len(asked) == 6
    settled = [n.output for n in call.told(ToolSettled)]  # type: ignore[union-attr]
    assert sorted(o for o in settled if o.isdigit()) == ["2", "2", "4", "4"]
    assert call.summary is not None
    assert [r.code for r in call.summary.reports] == []


def test_a_tool_that_takes_too_long_is_cancelled() -> None:
    ended = threading.Event()

    async def slow() -> str:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return "late"

    codes = [tool(slow, timeout_ms=120)]
    call = make(HELLO, llm=ScriptLlm([ToolCall("c", "slow", "{}")], ["Sorry."]), tools=codes, until=5_000).run()
    assert ended.wait(5)
    assert [n.ok for n in call.told(ToolSettled)] == [False]  # type: ignore[union-attr]
    assert heard(call)[-1] == "Sorry."


def test_a_tool_that_blocks_delays_no_frame() -> None:
    """In real time: 300 ms of blocking, first its own thread, then its own loop."""

    def sleeps() -> str:
        time.sleep(0.3)
        return "slept"

    async def blocks() -> str:
        time.sleep(0.3)  # noqa: ASYNC251
        return "blocked"

    both = [ToolCall("a", "sleeps", "{}"), ToolCall("b", "blocks", "{}")]
    said = Said(60, 200, "go")
    policy = changed(BROWSER, {"endpoint.silence_ms": 240, "endpoint.trailing_ms": 240})
    llm = ScriptLlm([*both, "Let me see what there is. "], ["Done."], first_ms=10)
    call = make(
        said, llm=llm, tts=ToneTts(first_ms=10, lead_ms=0, char_ms=30), policy=policy,
        tools=[tool(sleeps), tool(blocks)], until=1_500,
    ).run(realtime=True)  # fmt: skip
    assert sorted(e.output for e in call.events(ToolDone)) == ["blocked", "slept"]  # type: ignore[attr-defined]
    assert call.summary is not None
    # Either would have made 14 frames late, had it blocked the audio; a crowded machine may cause a few by itself.
    assert call.summary.late_frames <= 9
    assert len(call.line.heard) > 20


class Scorer:
    def __init__(self, p: float = 0.9, error: Exception | None = None) -> None:
        self.p = p
        self.error = error
        self.got: list[Pcm] = []

    async def score(self, pcm: Pcm) -> float:
        self.got.append(pcm)
        await asyncio.sleep(0.03)
        if self.error is not None:
            raise self.error
        return self.p


def scored(scorer: Scorer, *said: Said) -> Call:
    call = make(*said, until=14_000)
    session = Session(
        Conversation(),
        Engines(call.session._engines.vads, call.llm, call.tts, call.stt, scorer),
        AgentConfig("Be brief.", "tone"),
        call.line,
        [call.log],
    )
    call.session = session
    return call.run()


def test_a_turn_model_gets_the_audio_up_to_the_position_asked_for() -> None:
    said = Said(9_000, 1_000, "well that is all")
    scorer = Scorer()
    call = scored(scorer, said)
    asks = call.commands(ScoreTurn)
    assert asks
    assert call.events(TurnScore)
    assert call.told(UserTurned)
    for ask, pcm in zip(asks, scorer.got, strict=False):
        whole = np.concatenate(call.log.caller)[: ask.upto]  # type: ignore[union-attr]
        assert 126_000 < pcm.size <= 128_000
        assert np.array_equal(pcm, whole[-pcm.size :])


@pytest.mark.parametrize("scorer", [Scorer(1.5), Scorer(float("nan")), Scorer(error=ProviderError("died", "x"))])
def test_a_turn_model_that_fails_changes_nothing_else(scorer: Scorer) -> None:
    call = scored(scorer, HELLO)
    assert {role for role, _ in failures(call)} == {Role.TURN}
    assert heard(call) == ["It is noon. Anything else?"]


def test_final_words_are_asked_for_and_answered() -> None:
    call = make(HELLO).run()
    [ask] = call.commands(FinishWords)
    assert [w.text for w in call.events(UserWords) if w.final] == [HELLO.text]  # type: ignore[attr-defined]
    assert ask.upto > 1_400 * 16  # type: ignore[union-attr]


def test_a_remote_answer_without_a_remote_engine_is_a_bug() -> None:
    call = make(until=2_000)

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.5, call.session.post, RemoteReplied("r"))
        await call.session.run()

    with pytest.raises(Misuse, match="remote engine"):
        run(main(), realtime=False)
    assert call.line.closed == 1


def test_every_part_is_asked_for_and_generated_text_is_spoken_whole() -> None:
    call = make(HELLO, llm=ScriptLlm(STORY[:5]), until=20_000).run()
    assert "".join(c.text for c in call.commands(Speak)) == "".join(STORY[:5]).strip()  # type: ignore[union-attr]
    [closed] = call.told(ReplyClosed)
    assert closed.ending is Ending.DONE  # type: ignore[union-attr]
    assert len(call.commands(Generate)) == 1
    assert not call.commands(RunTool)
    assert call.summary is not None
    assert call.summary.underruns == 0
