from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

pytest.importorskip("deepgram")

from deepgram.core.unchecked_base_model import construct_type
from deepgram.listen.v2.socket_client import V2SocketClientResponse
from tests.providers.ears.vendor import KEY, Silent
from tests.providers.ears.vendors import FakeFlux

from vivavoce.providers.deepgram.flux import FluxLink, FluxStt
from vivavoce.providers.hosted.failures import Answered
from vivavoce.providers.hosted.link import Began, Judged, Reached, Said

TIMES = ((0.5, 0.9),)


def read(**message: Any) -> list[Any]:
    link = FluxLink(Silent(), AsyncExitStack())
    return list(link.read(construct_type(type_=V2SocketClientResponse, object_=message)))


def info(event: str, text: str, p: float, **word: float) -> dict[str, Any]:
    words = [{"word": text, "confidence": 1, **word}] if text else []
    return {
        "type": "TurnInfo",
        "request_id": "r",
        "sequence_id": 1,
        "event": event,
        "turn_index": 0,
        "audio_window_start": 0.0,
        "audio_window_end": 1.2,
        "transcript": text,
        "words": words,
        "end_of_turn_confidence": p,
    }


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        (
            info("StartOfTurn", "hi", 0.1, start=0.5, end=0.9),
            [Began(), Said("hi", False, 0.5, 0.9, TIMES), Judged(0.1)],
        ),
        (info("Update", "hi", 0.3, start=0.5, end=0.9), [Said("hi", False, 0.5, 0.9, TIMES), Judged(0.3)]),
        (info("Update", "hi", 0.3), [Said("hi", False, None, 1.2), Judged(0.3)]),
        (info("Update", "", 0.0), [Said("", False, None, 1.2), Reached(1.2)]),
        (info("EagerEndOfTurn", "hi", 0.6), [Said("hi", False, None, 1.2), Judged(0.6)]),
        (info("TurnResumed", "hi", 0.6), [Judged(0.0)]),
        (
            info("EndOfTurn", "hi", 0.8, start=0.5, end=0.9),
            [Said("hi", True, 0.5, 0.9, TIMES, last=True), Judged(0.8)],
        ),
        ({"type": "Warning", "code": "X", "description": "d"}, []),
        ({"type": "Novelty"}, []),
    ],
)
def test_what_a_message_says(message: dict[str, Any], facts: list[Any]) -> None:
    assert read(**message) == facts


def test_an_error_ends_the_session() -> None:
    with pytest.raises(Answered, match="500"):
        read(type="Error", sequence_id=3, code="INTERNAL_SERVER_ERROR", description="d")


@pytest.mark.parametrize(("model", "hints"), [("flux-general-en", None), ("flux-general-multi", ["de"])])
async def test_what_is_asked_for(model: str, hints: list[str] | None) -> None:
    async with FakeFlux() as vendor:
        stt = FluxStt(model=model, key=KEY, url=vendor.url, language="de")
        await stt.open(lambda event: None, ["Vivavoce", "a large pizza"])
        await stt.close()
        await vendor.deserted()
        session = vendor.sessions[0]
        assert session.headers["Authorization"] == f"Token {KEY}"
        assert session.query.pop("keyterm") == ["Vivavoce", "a large pizza"]
        assert session.query.pop("language_hint", None) == hints
        assert session.query == {
            "model": [model],
            "encoding": ["linear16"],
            "sample_rate": ["16000"],
            "eager_eot_threshold": ["0.5"],
        }
        assert session.texts == [{"type": "CloseStream"}]
