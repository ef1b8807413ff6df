"""Engines that an agent wants: names, objects of the user's own, and what is neither."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from vivavoce import Agent
from vivavoce.app.agent.names import EngineNames, Own
from vivavoce.app.agent.simulate import Script
from vivavoce.core.errors import BadInput
from vivavoce.core.events import UserWords
from vivavoce.providers.base import Speech


@dataclass
class Beeps:
    """A synthesiser that beeps once for each character, and counts what is done with it."""

    model: str = "test:beeps"
    rate: int = 8_000
    voices: tuple[str, ...] = ("low", "high")
    spoken: list[tuple[str, str]] = field(default_factory=list)
    closed: int = 0

    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech]:
        self.spoken.append((text, voice))
        yield Speech(np.full(400 * len(text), 3000, np.int16))

    async def close(self) -> None:
        self.closed += 1


class Ears:
    """A recogniser that always hears the same."""

    model = "test:ears"

    def __init__(self, hears: str = "what I always hear") -> None:
        self.hears, self.opened, self.closed = hears, 0, 0

    async def open(self, post: Any, expect: Any = ()) -> Any:
        self.opened += 1
        return Listening(post, self.hears)

    async def close(self) -> None:
        self.closed += 1


class Listening:
    def __init__(self, post: Any, hears: str) -> None:
        self._post, self._hears, self._segment, self._begin = post, hears, 0, 0

    def feed(self, start: int, pcm: Any) -> None:
        pass

    def finish(self, upto: int) -> None:
        self._post(UserWords(self._segment, self._hears, True, self._begin, upto))
        self._segment, self._begin = self._segment + 1, upto

    async def close(self) -> None:
        pass


def test_engines_by_name_or_as_a_list() -> None:
    engines = Agent("x", llm="openai:gpt-5-mini, offline:script", stt=["deepgram:nova-3"]).engines
    assert engines.llm == ("openai:gpt-5-mini", "offline:script")
    assert (engines.stt, engines.tts) == (("deepgram:nova-3",), ())
    assert engines.otherwise({"VIVAVOCE_TTS": "offline:espeak", "VIVAVOCE_STT": "x"}).tts == ("offline:espeak",)
    assert engines.otherwise({"VIVAVOCE_STT": "x"}).stt == ("deepgram:nova-3",)


def test_an_object_of_ones_own_is_the_engine() -> None:
    beeps, ears, llm = Beeps(), Ears(), Script("Yes.")
    engines = Agent("x", llm=llm, stt=ears, tts=["cartesia", beeps]).engines
    assert (engines.llm, engines.stt, engines.tts) == ((Own(llm),), (Own(ears),), ("cartesia", Own(beeps)))
    assert EngineNames.of(tts=beeps) == EngineNames.of(tts=[beeps])
    assert EngineNames.of(tts=beeps) != EngineNames.of(tts=Beeps())
    assert len({EngineNames.of(tts=beeps), EngineNames.of(tts=beeps)}) == 1


class Scorer:
    """A turn model that is always certain."""

    model = "test:scorer"

    def __init__(self) -> None:
        self.asked = self.closed = 0

    async def score(self, pcm: Any) -> float:
        self.asked += 1
        return 1.0

    async def close(self) -> None:
        self.closed += 1


@pytest.mark.offline
def test_a_turn_model_of_ones_own_is_asked_when_somebody_speaks() -> None:
    own = Scorer()
    agent = Agent("x", llm=Script("Yes."), stt=Ears(), tts=Beeps(), turn=own)
    assert agent.simulate("hello, is anybody there", spoken=True).reports == []
    assert own.asked
    asked = own.asked
    agent.simulate("hello")
    assert (own.asked, own.closed) == (asked, 1)


def test_a_turn_model_is_one_engine_or_none() -> None:
    own = Scorer()
    assert Agent("x", turn=own).engines.turn == (Own(own),)
    assert Agent("x").engines.otherwise({"VIVAVOCE_TURN": "smart-turn"}).turn == ("smart-turn",)
    assert Agent("x", turn="none").engines.otherwise({"VIVAVOCE_TURN": "smart-turn"}).turn == ("none",)


class Mute:
    model = "mute"
    rate = 8_000
    voices = ("none",)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"tts": Mute()}, "tts: Mute has no speak, close; fix: see docs/own-engine.md"),
        ({"tts": Beeps}, "tts is the class Beeps; fix: make an engine of it, as Beeps()"),
        ({"turn": Mute()}, "turn: Mute has no score, close; fix: see docs/own-engine.md"),
        (
            {"turn": "smart-turn,other"},
            "turn is one engine, as no other stands in for it, not 2; fix: name one of them",
        ),
        ({"llm": Ears()}, "llm: Ears has no stream; fix: see docs/own-engine.md"),
        ({"stt": 7}, "stt is an engine, or a list of them, not 7; fix: write a name"),
        ({"stt": ["deepgram", None]}, "stt is an engine, or a list of them, not None; fix: write a name"),
    ],
)
def test_what_is_no_engine_is_refused_when_it_is_written(given: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput) as error:
        Agent("x", **given)
    assert str(error.value).startswith(why)


@pytest.mark.offline
def test_a_call_with_engines_of_ones_own_which_are_closed_after_it_and_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VIVAVOCE_LLM", raising=False)
    beeps, ears, llm = Beeps(), Ears(), Script("Yes.", "No.")
    agent = Agent("x", voice="high", llm=llm, stt=ears, tts=beeps)
    result = agent.simulate("hello, is anybody there", spoken=True)
    assert (result.turns[0].user, result.said) == ("what I always hear", "Yes.")
    assert beeps.spoken == [("Yes.", "high")]
    assert (beeps.closed, ears.closed) == (1, 1)
    assert agent.simulate("hello").said == "No."
    assert beeps.closed == 2


@pytest.mark.offline
def test_agents_may_share_an_engine_of_ones_own() -> None:
    beeps = Beeps()
    other = Agent("Two.", name="two", llm=Script("Two."), tts=beeps)
    agent = Agent("One.", name="one", llm=Script(Script.call("hand_off_to_two")), tts=beeps, handoffs=[other])
    assert agent.simulate("the other one").said == "Two."
    assert beeps.spoken == [("Two.", "low")]


@pytest.mark.offline
def test_another_agent_hears_with_its_own_recogniser_and_those_that_want_the_same_share_it() -> None:
    def heard(first: Ears, second: Ears) -> str:
        other = Agent("Two.", name="two", llm=Script("Two.", "Three."), tts=Beeps(), stt=second)
        agent = Agent(
            "x", name="one", llm=Script(Script.call("hand_off_to_two")), tts=Beeps(), stt=first, handoffs=[other]
        )
        return agent.simulate("the other one", "and then", spoken=True).turns[-1].user

    one, two = Ears("first"), Ears("second")
    assert heard(one, two) == "second"
    assert (one.opened, two.opened, one.closed, two.closed) == (1, 1, 1, 1)
    shared = Ears("shared")
    assert heard(shared, shared) == "shared"
    assert (shared.opened, shared.closed) == (1, 1)


class Text(Script):
    async def stream(self, ask: Any) -> Any:
        yield "hello"


class Raw(Beeps):
    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> Any:
        yield np.zeros(8_000, np.int16)


class Bytes(Beeps):
    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> Any:
        yield Speech(bytes(8_000))  # type: ignore[arg-type]


@pytest.mark.offline
@pytest.mark.parametrize(
    ("engines", "why"),
    [
        ({"llm": Text("x")}, "it gave str, not TextDelta or ToolCall or CutShort or Usage"),
        ({"tts": Raw()}, "it gave ndarray, not Speech or Usage"),
        ({"tts": Bytes()}, "the synthesiser gave bytes, not an array of int16"),
    ],
)
def test_an_engine_that_gives_something_else_is_a_report_that_says_so(engines: dict[str, Any], why: str) -> None:
    result = Agent("x", **{"llm": Script("Yes."), **engines}).simulate("hello")
    assert result.reports[0].detail == why
    assert result.reason == "caller"
