"""The doctor's measurements, on engines whose speed and whose failures are known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("deepgram")
pytest.importorskip("pydantic_ai")

from tests.providers.ears.sound import speech
from tests.providers.ears.vendor import KEY
from tests.providers.ears.vendors import FakeNova
from tests.providers.llm.fake_server import STALL, FakeServer, Reply, chunk, error, words
from tests.providers.voices.sockets import FakeAura

from vivavoce.app.doctor import measure
from vivavoce.core.commands import Role
from vivavoce.core.policy import BROWSER
from vivavoce.providers.base import ProviderError
from vivavoce.providers.deepgram.stt import DeepgramStt
from vivavoce.providers.deepgram.tts import AuraTts
from vivavoce.providers.llm import PydanticLlm

ANSWER = ("It warns ships, ", "and it guides them. ", "That is all.")


async def heard(**script: Any) -> dict[str, Any]:
    async with FakeNova() as vendor:
        for name, value in script.items():
            setattr(vendor.script, name, value)
        stt = DeepgramStt(model="nova-3", key=KEY, url=vendor.url)
        try:
            return await measure.recogniser(stt, speech("one two three"), BROWSER)
        finally:
            await stt.close()


async def test_a_recogniser_is_timed_from_the_end_of_speech() -> None:
    facts = await heard(delay_s=0.1)
    assert facts["heard"] == "one two three"
    assert facts["partials"] is True
    assert facts["asked_after_ms"] == BROWSER.endpoint.finalise_after_ms
    assert 200 + 100 <= facts["final_ms"] < 1_500


@pytest.mark.parametrize(("status", "code"), [(401, "refused"), (429, "rate_limited"), (503, "died")])
async def test_a_recogniser_that_refuses_says_why_and_no_key(status: int, code: str) -> None:
    found = await measure.tried(Role.STT, "deepgram:nova-3", lambda: heard(status=status), 20)
    assert (found.code, found.facts) == (code, {})
    assert found.detail
    assert KEY not in found.detail


class Judge:
    model = "test:judge"
    asked = 0

    async def score(self, pcm: Any) -> float:
        self.asked += 1
        await asyncio.sleep(0.05 if self.asked == 1 else 0)
        return 0.5

    async def close(self) -> None: ...


async def test_a_turn_model_judges_twice_and_the_second_time_counts() -> None:
    facts = await measure.turn_model(Judge(), speech("one"))
    assert facts["cold_ms"] >= 49
    assert facts["check_ms"] <= facts["cold_ms"]


async def test_what_does_not_end_is_ended() -> None:
    found = await measure.tried(Role.STT, "deepgram:nova-3", lambda: heard(deaf=True), 0.5)
    assert (found.code, found.detail) == ("timeout", "deepgram:nova-3 was not done within 0.5 s")


async def answered(*replies: Reply) -> dict[str, Any]:
    async with FakeServer(*replies) as server:
        llm = PydanticLlm(f"{server.url}#fake", api_key="sk-the-secret-one")
        try:
            return await measure.model(llm, BROWSER, "Be brief.")
        finally:
            await llm.close()


async def test_a_language_model_is_timed_to_its_first_words_and_its_first_clause() -> None:
    facts = await answered(Reply(words(*ANSWER)), Reply(words(*ANSWER)))
    assert 0 <= facts["first_ms"] < 1_000
    assert 0 <= facts["clause_ms"] < 1_000
    assert facts["tokens_per_s"] > 0
    assert facts["words"] == len("".join(ANSWER).split())


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (error(401, "Incorrect API key provided: sk-the-secret-one"), "refused"),
        (error(404, "no such model"), "not_found"),
        (Reply(words()), "silent"),
        (Reply([chunk({"role": "assistant", "content": ""}), STALL]), "timeout"),
    ],
)
async def test_a_language_model_that_fails(reply: Reply, code: str) -> None:
    found = await measure.tried(Role.LLM, "fake", lambda: answered(reply, reply), 3)
    assert found.code == code
    assert "secret" not in found.detail


async def spoken(**script: Any) -> dict[str, Any]:
    async with FakeAura() as vendor:
        for name, value in script.items():
            setattr(vendor.script, name, value)
        tts = AuraTts(model="aura-2", key=KEY, url=vendor.url)
        try:
            return await measure.synthesiser(tts, "thalia")
        finally:
            await tts.close()


async def test_a_synthesiser_is_timed_to_its_first_audio() -> None:
    facts = await spoken(first_s=0.15)
    assert 150 <= facts["first_ms"] < 1_500
    assert facts["real_time"] > 0


async def test_a_synthesiser_that_refuses() -> None:
    found = await measure.tried(Role.TTS, "deepgram:aura-2", lambda: spoken(status=401), 20)
    assert found.code == "refused"
    assert KEY not in found.detail


class Odd:
    """An engine with a mistake of its own."""

    model = "odd"
    rate, voices = 24_000, ("a",)

    async def speak(self, *given: Any) -> AsyncIterator[Any]:
        if given:
            raise ZeroDivisionError("with a sk-secret in it")
        yield None


async def test_nothing_of_an_unknown_error_is_repeated_but_its_kind() -> None:
    found = await measure.tried(Role.TTS, "odd", lambda: measure.synthesiser(Odd(), "a"), 1)  # type: ignore[arg-type]
    assert (found.code, found.detail) == ("failed", "odd failed: ZeroDivisionError")


async def test_an_engine_that_makes_no_sound_is_no_engine() -> None:
    class Mute(Odd):
        async def speak(self, *given: Any) -> AsyncIterator[Any]:
            await asyncio.sleep(0)
            for _ in ():
                yield None

    with pytest.raises(ProviderError, match="odd spoke nothing"):
        await measure.synthesiser(Mute(), "a")  # type: ignore[arg-type]


def test_keys_are_hidden_wherever_they_come_from() -> None:
    env = {"ACME_API_KEY": "abcdef123", "VIVAVOCE_LLM": "openai:gpt-5-mini", "SHORT_KEY": "a"}
    assert measure.hidden("openai:gpt-5-mini abcdef123 a", env) == "openai:gpt-5-mini *** a"
