from __future__ import annotations

import sys

import pytest
from tests.providers.hosted.stub import StubStt

from vivavoce.providers.base import ProviderError
from vivavoce.providers.deepgram.stt import DeepgramStt
from vivavoce.providers.hosted.link import Manner
from vivavoce.providers.hosted.listening import fitting


def test_a_service_gets_the_phrases_that_it_takes_best_first() -> None:
    manner = Manner(phrases=3, phrase_chars=10, phrases_chars=20)
    assert fitting(["a", "", "much too long a phrase", "b", "c", "d"], manner) == ["a", "b", "c"]
    assert fitting(["123456789", "987654321", "abc"], manner) == ["123456789", "987654321"]


def test_a_missing_sdk_is_said_with_its_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepgram", None)
    with pytest.raises(ProviderError, match=r"pip install 'vivavoce\[deepgram\]'") as error:
        DeepgramStt(model="nova-3", key="k")
    assert error.value.code == "missing"


async def test_closing_it_closes_its_calls() -> None:
    stt = StubStt()
    calls = [await stt.open(lambda event: None) for _ in range(3)]
    await stt.close()
    assert [link.closed for link in stt.links] == [1, 1, 1]
    await calls[0].close()
    assert stt.links[0].closed == 1


async def test_once_closed_it_opens_no_more() -> None:
    stt = StubStt()
    await stt.close()
    with pytest.raises(ProviderError) as error:
        await stt.open(lambda event: None)
    assert error.value.code == "closed"
    assert not stt.links


async def test_a_link_that_does_not_close_is_broken_off() -> None:
    stt = StubStt()
    stt.close_s = 0.02
    stt.sticks = True
    call = await stt.open(lambda event: None)
    await call.close()
    assert stt.links[0].aborted
