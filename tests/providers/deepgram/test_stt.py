from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

pytest.importorskip("deepgram")

from deepgram.core.unchecked_base_model import construct_type
from deepgram.listen.v1.socket_client import V1SocketClientResponse
from tests.providers.ears.vendor import KEY, Silent
from tests.providers.ears.vendors import FakeNova

from vivavoce.providers.deepgram.stt import DeepgramLink, DeepgramStt
from vivavoce.providers.hosted.failures import Answered
from vivavoce.providers.hosted.link import Reached, Said


def read(**message: Any) -> list[Any]:
    link = DeepgramLink(Silent(), AsyncExitStack())
    return list(link.read(construct_type(type_=V1SocketClientResponse, object_=message)))


def results(text: str, words: list[tuple[float, float]], **more: Any) -> dict[str, Any]:
    timed = [{"word": "w", "start": start, "end": end, "confidence": 1} for start, end in words]
    heard = {"transcript": text, "confidence": 1, "words": timed}
    return {"type": "Results", "start": 1.0, "duration": 2.0, "channel": {"alternatives": [heard]}, **more}


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        (
            results("well I", [(1.2, 1.5), (1.5, 1.9)], is_final=False),
            [Said("well I", False, 1.2, 1.9, ((1.2, 1.5), (1.5, 1.9)))],
        ),
        (results("well", [(1.2, 1.5)], is_final=True), [Said("well", True, 1.2, 1.5, ((1.2, 1.5),))]),
        (
            results("well", [(1.2, 1.5)], is_final=True, from_finalize=True),
            [Said("well", True, 1.2, 1.5, ((1.2, 1.5),), last=True)],
        ),
        (results("", [], is_final=True), [Said("", True, 1.0, 3.0), Reached(3.0)]),
        ({"type": "SpeechStarted", "channel": [0], "timestamp": 0.1}, []),
        ({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 0.5}, []),
        ({"type": "Novelty"}, []),
    ],
)
def test_what_a_message_says(message: dict[str, Any], facts: list[Any]) -> None:
    assert read(**message) == facts


def test_an_error_is_the_services_fault_unless_it_is_ours() -> None:
    with pytest.raises(Answered, match="500"):
        read(type="Error", variant="Internal", description="d")
    with pytest.raises(Answered, match="400"):
        read(type="Error", variant="SchemaError", description="d")


@pytest.mark.parametrize(("model", "name"), [("nova-3", "keyterm"), ("nova-2", "keywords")])
async def test_what_is_asked_for(model: str, name: str) -> None:
    async with FakeNova() as vendor:
        stt = DeepgramStt(model=model, key=KEY, url=vendor.url, language="de")
        await stt.open(lambda event: None, ["Vivavoce", "a large pizza"])
        await stt.close()
        await vendor.deserted()
        session = vendor.sessions[0]
        assert session.headers["Authorization"] == f"Token {KEY}"
        assert session.query.pop(name) == ["Vivavoce", "a large pizza"]
        asked = {key: value for key, [value] in session.query.items()}
        assert asked == {
            "model": model,
            "language": "de",
            "encoding": "linear16",
            "sample_rate": "16000",
            "channels": "1",
            "interim_results": "true",
            "smart_format": "true",
            "endpointing": "300",
        }
        assert session.texts == [{"type": "CloseStream"}]
