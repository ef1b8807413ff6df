from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

pytest.importorskip("assemblyai")

from assemblyai.streaming import v3
from assemblyai.streaming.v3._base import _BaseStreamingClient
from tests.providers.ears.vendor import KEY
from tests.providers.ears.vendors import FakeUniversal

from vivavoce.providers.assemblyai.stt import AssemblyAiLink, AssemblyAiStt
from vivavoce.providers.base import ProviderError
from vivavoce.providers.hosted.closing import Ended
from vivavoce.providers.hosted.failures import Answered
from vivavoce.providers.hosted.link import Judged, Said


def link() -> AssemblyAiLink:
    return AssemblyAiLink(v3.AsyncRealTimeTranscriber(api_key=KEY), v3.RealTimeEvents)


def turn(order: int, over: bool, transcript: str, *words: tuple[str, int, int]) -> Any:
    said = [
        {"text": text, "start": start, "end": end, "confidence": 1, "word_is_final": over} for text, start, end in words
    ]
    message = {
        "type": "Turn",
        "turn_order": order,
        "turn_is_formatted": False,
        "end_of_turn": over,
        "transcript": transcript,
        "end_of_turn_confidence": 0.7,
        "words": said,
    }
    return _BaseStreamingClient._parse_message(message)


def test_a_turn_grows_and_ends_once() -> None:
    reader = link()
    one, two = ("well", 500, 700), ("I", 700, 900)
    times = ((0.5, 0.7), (0.7, 0.9))
    # Words that may still change are not in the transcript.
    assert list(reader.read(turn(0, False, "well", one, two))) == [Said("well I", False, 0.5, 0.9, times), Judged(0.7)]
    assert list(reader.read(turn(0, True, "Well I", one, two))) == [
        Said("Well I", True, 0.5, 0.9, times, last=True),
        Judged(0.7),
    ]
    assert list(reader.read(turn(0, True, "Well, I.", one, two))) == []
    assert list(reader.read(turn(1, False, ""))) == [Said("")]


def test_the_end_of_the_session() -> None:
    with pytest.raises(Ended):
        list(link().read(v3.TerminationEvent()))


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [(401, Answered, 401), (3007, Answered, 400), (4001, Answered, 401), (3008, Ended, 0), (None, ConnectionError, 0)],
)
async def test_what_the_sdk_reports(code: int | None, kind: type[Exception], status: int) -> None:
    reader = link()
    await reader._transcriber._dispatch_error(v3.RealTimeError("sk-secret", code))
    with pytest.raises(kind) as error:
        await reader.receive()
    assert getattr(error.value, "status_code", 0) == status


async def test_an_unknown_model_is_told_before_anything_is_sent() -> None:
    with pytest.raises(ProviderError) as error:
        await AssemblyAiStt(model="novelty", key=KEY).open(lambda event: None)
    assert error.value.code == "not_found"


async def test_what_is_asked_for() -> None:
    async with FakeUniversal() as vendor:
        stt = AssemblyAiStt("universal-streaming-multilingual", KEY, vendor.url, "de")
        await stt.open(lambda event: None, ["Vivavoce", "a large pizza"])
        await asyncio.sleep(0.01)
        await stt.close()
        await vendor.deserted()
        session = vendor.sessions[0]
        assert session.headers["Authorization"] == KEY
        lists = {name: json.loads(session.query.pop(name)[0]) for name in ("keyterms_prompt", "language_codes")}
        assert lists == {"keyterms_prompt": ["Vivavoce", "a large pizza"], "language_codes": ["de"]}
        assert session.query == {
            "sample_rate": ["16000"],
            "encoding": ["pcm_s16le"],
            "speech_model": ["universal-streaming-multilingual"],
            "format_turns": ["False"],
        }
        assert session.texts == [{"type": "Terminate"}]
