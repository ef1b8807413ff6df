from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("cartesia")

from cartesia._models import construct_type_unchecked
from cartesia.types.stt import STTAutoFinalizeWebsocketResponse
from tests.providers.ears.vendor import KEY
from tests.providers.ears.vendors import FakeInk

from vivavoce.providers.cartesia.stt import CartesiaLink, CartesiaStt
from vivavoce.providers.hosted.failures import Answered
from vivavoce.providers.hosted.link import Began, Judged, Said


def read(kind: str, **more: Any) -> list[Any]:
    message = {"type": kind, "request_id": "r", **more}
    parsed: Any = construct_type_unchecked(value=message, type_=STTAutoFinalizeWebsocketResponse)
    return list(CartesiaLink(None).read(parsed))


@pytest.mark.parametrize(
    ("kind", "more", "facts"),
    [
        ("turn.start", {}, [Began()]),
        ("turn.update", {"transcript": "well"}, [Said("well")]),
        ("turn.eager_end", {"transcript": "well I"}, [Said("well I", last=True), Judged(0.6)]),
        ("turn.resume", {}, [Judged(0.0)]),
        ("turn.end", {"transcript": "well I"}, [Said("well I", True, last=True), Judged(0.8)]),
        ("connected", {}, []),
        ("turn.novelty", {}, []),
    ],
)
def test_what_a_message_says(kind: str, more: dict[str, Any], facts: list[Any]) -> None:
    assert read(kind, **more) == facts


def test_an_error_has_the_status_of_http() -> None:
    with pytest.raises(Answered, match="402"):
        read("error", message="sk-secret", status_code=402, title="t")


async def test_what_is_asked_for() -> None:
    async with FakeInk() as vendor:
        stt = CartesiaStt("ink-2", KEY, vendor.url)
        await stt.open(lambda event: None, ["Vivavoce", "a large pizza"])
        await stt.close()
        await vendor.deserted()
        session = vendor.sessions[0]
        assert session.headers["Authorization"] == f"Bearer {KEY}"
        assert session.query == {
            "encoding": ["pcm_s16le"],
            "model": ["ink-2"],
            "sample_rate": ["16000"],
            "keyterm": ["Vivavoce", "a large pizza"],
        }
        assert session.texts == [{"type": "close"}]
