"""Engines that stand in for each other, in whole calls: nothing that the caller said is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from tests.runtime.fakes import HELLO, Call, LevelVad, Said, ScriptLlm, ScriptStt, ScriptSttCall, ToneTts, make

from vivavoce.core.commands import Generate, Listen, Role, Speak, Why
from vivavoce.core.events import HandedOff, ProviderFailed, ReplyText
from vivavoce.core.notices import Ending, ReplyClosed, UserTurned
from vivavoce.core.policy import BROWSER, changed
from vivavoce.providers.base import Post, ProviderError
from vivavoce.runtime.clock import run
from vivavoce.runtime.engines import AgentConfig, Engines


def heard(call: Call) -> list[str]:
    return [turn.text for turn in call.told(UserTurned)]


def endings(call: Call) -> list[Ending]:
    return [closed.ending for closed in call.told(ReplyClosed)]


class LateStt(ScriptStt):
    """Takes its time to open, or does not open at all."""

    def __init__(self, *said: Said, open_s: float = 0.0, error: Exception | None = None, **more: Any) -> None:
        super().__init__(*said, **more)
        self.open_s, self.error = open_s, error

    async def open(self, post: Post, expect: Sequence[str] = ()) -> ScriptSttCall:
        await asyncio.sleep(self.open_s)
        if self.error is not None:
            raise self.error
        return await super().open(post, expect)


class FromWherever(ScriptSttCall):
    def feed(self, start: int, pcm: Any) -> None:
        if not self.position:
            self.position = start
            self.began = start
        super().feed(start, pcm)


class SpareStt(LateStt):
    """Hears from any sample on."""

    async def open(self, post: Post, expect: Sequence[str] = ()) -> ScriptSttCall:
        await asyncio.sleep(self.open_s)
        if self.error is not None:
            raise self.error
        call = FromWherever(self, post)
        self.calls.append(call)
        return call


def test_a_recogniser_that_dies_in_the_middle_of_a_turn_is_replaced_and_hears_all_of_it() -> None:
    spare = SpareStt(HELLO, open_s=0.4)
    call = make(HELLO, stt=ScriptStt(HELLO, dies_at=900), spares={"spare_stts": (spare,)}).run()
    assert [c.why for c in call.commands(Listen)] == [Why.NEXT_ENGINE]
    assert heard(call) == [HELLO.text]
    assert endings(call) == [Ending.DONE]
    [spare_call] = spare.calls
    # It was given what the caller said before it was there.
    assert spare_call.began <= HELLO.at * 16  # type: ignore[attr-defined]
    assert call.stt.calls[0].closed


def test_one_that_does_not_open_at_the_start_is_replaced_too() -> None:
    broken = LateStt(HELLO, error=ProviderError("refused", "no key"))
    call = make(HELLO, stt=broken, spares={"spare_stts": (SpareStt(HELLO),)}).run()
    assert heard(call) == [HELLO.text]
    assert [e.code for e in call.events(ProviderFailed)] == ["refused"]


def test_when_none_opens_the_call_goes_on_without_words_and_tries_again() -> None:
    broken = [SpareStt(HELLO, error=ProviderError("died", "gone")) for _ in range(2)]
    call = make(HELLO, stt=broken[0], spares={"spare_stts": (broken[1],)}, until=6_000).run()
    assert 4 <= len(call.commands(Listen)) <= 14
    assert call.summary is not None
    assert call.summary.reason == "caller"


def test_what_a_replaced_recogniser_still_says_is_dropped() -> None:
    class Chatty(ScriptStt):
        async def open(self, post: Post, expect: Sequence[str] = ()) -> ScriptSttCall:
            found = await super().open(post, expect)
            loop = asyncio.get_running_loop()
            loop.call_later(0.6, post, ProviderFailed(Role.STT, "died"))
            loop.call_later(2.0, found._say, 77, "nobody said this", True, 16_000)
            return found

    call = make(HELLO, stt=Chatty(HELLO), spares={"spare_stts": (SpareStt(HELLO),)}).run()
    assert heard(call) == [HELLO.text]


def test_another_model_answers_when_the_first_breaks() -> None:
    spare = ScriptLlm(["It is ", "noon."])
    call = make(HELLO, llm=ScriptLlm([RuntimeError("down")]), spares={"spare_llms": (spare,)}).run()
    assert [(c.engine, c.why) for c in call.commands(Generate)][-1] == (1, Why.NEXT_ENGINE)
    [closed] = call.told(ReplyClosed)
    assert (closed.ending, closed.heard) == (Ending.DONE, "It is noon.")


def test_a_race_is_won_by_the_faster_and_the_slower_is_cancelled() -> None:
    slow, fast = ScriptLlm([3_000, "Slow."]), ScriptLlm([10, "Fast."])
    policy = changed(BROWSER, {"engines.hedge": True, "engines.hedge_first_ms": 300, "reply.speculate": False})
    call = make(HELLO, llm=slow, spares={"spare_llms": (fast,)}, policy=policy).run()
    assert [(c.engine, c.attempt, c.why.name) for c in call.commands(Generate)][1:] == [(1, 1, "HEDGE")]
    [closed] = call.told(ReplyClosed)
    assert closed.heard == "Fast."
    assert {e.attempt for e in call.events(ReplyText)} == {1}


def test_another_synthesiser_speaks_with_a_voice_of_its_own() -> None:
    spare = ToneTts(rate=16_000)
    spare.voices = ("other",)
    tts = ToneTts(fails="noon", times=99)
    call = make(HELLO, llm=ScriptLlm(["It is noon."]), tts=tts, spares={"spare_ttss": (spare,)}).run()
    assert [(c.engine, c.why.name) for c in call.commands(Speak)][-1] == (1, "NEXT_ENGINE")
    [closed] = call.told(ReplyClosed)
    assert (closed.ending, closed.heard) == (Ending.DONE, "It is noon.")
    assert spare.spoken == ["It is noon."]


AGAIN = Said(4_000, 900, "and what day")


def handed_on(stt: LateStt) -> Call:
    """A call that another agent takes over between two turns; it hears with `stt`."""
    first = SpareStt(HELLO, AGAIN)
    call = make(
        HELLO, AGAIN, until=8_000, stt=first, recognisers=2, on_handed_off=lambda name: call.session.configure(billing)
    )
    billing = AgentConfig("Bills.", "tone", engines=Engines(LevelVad(), call.llm, call.tts, stt))

    async def whole() -> None:
        asyncio.get_running_loop().call_later(3, call.session.post, HandedOff("billing"))
        await call.session.run()

    run(whole(), realtime=False)
    return call


def test_another_agent_hears_with_its_own_recogniser() -> None:
    own = SpareStt(Said(AGAIN.at, AGAIN.ms, "and what day is it"))
    call = handed_on(own)
    assert heard(call) == [HELLO.text, "and what day is it"]
    assert [c.why for c in call.commands(Listen)] == [Why.HANDED_OFF]
    assert len(own.calls) == 1
    assert call.stt is not None
    assert call.stt.calls[0].closed


def test_where_it_cannot_be_had_the_recogniser_of_before_hears_on() -> None:
    call = handed_on(SpareStt(error=ProviderError("refused", "no key")))
    assert heard(call) == [HELLO.text, AGAIN.text]
    assert [c.why for c in call.commands(Listen)] == [Why.HANDED_OFF, Why.NEXT_ENGINE]
    assert [e.code for e in call.events(ProviderFailed)] == ["refused"]
