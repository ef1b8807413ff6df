from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("elevenlabs")

from elevenlabs.realtime import RealtimeConnection, RealtimeEvents
from tests.providers.ears.vendor import KEY
from tests.providers.ears.vendors import FakeScribe

from vivavoce.providers.elevenlabs.stt import ScribeLink, ScribeStt
from vivavoce.providers.hosted.closing import Ended
from vivavoce.providers.hosted.failures import Answered
from vivavoce.providers.hosted.link import Began, Said


def link() -> ScribeLink:
    return ScribeLink(RealtimeConnection(None, 16_000), RealtimeEvents)


def word(text: str, start: float, end: float, kind: str = "word") -> dict[str, Any]:
    return {"text": text, "start": start, "end": end, "type": kind}


TIMED = [word("well", 0.5, 0.7), word(" ", 0.7, 0.8, "spacing"), word("I", 0.8, 0.9)]


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        ({"message_type": "partial_transcript", "text": "well"}, [Began(), Said("well")]),
        ({"message_type": "committed_transcript", "text": "well I"}, [Said("well I", last=True)]),
        ({"message_type": "committed_transcript", "text": " "}, [Said("", True, last=True)]),
        (
            {"message_type": "committed_transcript_with_timestamps", "text": "well I", "words": TIMED},
            [Said("well I", True, 0.5, 0.9, ((0.5, 0.7), (0.8, 0.9)), last=True)],
        ),
        ({"message_type": "committed_transcript_with_timestamps", "text": "well"}, [Said("well", True, last=True)]),
        ({"message_type": "commit_throttled", "error": "too soon"}, [Said("", True, last=True)]),
        ({"message_type": "session_started", "session_id": "s", "config": {}}, []),
        ({"message_type": "novelty"}, []),
    ],
)
def test_what_a_message_says(message: dict[str, Any], facts: list[Any]) -> None:
    assert list(link().read(message)) == facts


@pytest.mark.parametrize(("kind", "status"), [("auth_error", 401), ("quota_exceeded", 402), ("rate_limited", 429)])
def test_errors(kind: str, status: int) -> None:
    with pytest.raises(Answered) as error:
        list(link().read({"message_type": kind, "error": "sk-secret"}))
    assert error.value.status_code == status


def test_a_session_that_heard_nothing_for_long_just_ended() -> None:
    with pytest.raises(Ended):
        list(link().read({"message_type": "insufficient_audio_activity", "error": "e"}))


async def test_what_is_asked_for() -> None:
    async with FakeScribe() as vendor:
        stt = ScribeStt("scribe_v2_realtime", KEY, vendor.url, "de-AT")
        await stt.open(lambda event: None, ["Vivavoce", "a phrase that is too long for it"])
        await stt.close()
        await vendor.deserted()
        session = vendor.sessions[0]
        assert session.headers["xi-api-key"] == KEY
        assert session.query == {
            "model_id": ["scribe_v2_realtime"],
            "audio_format": ["pcm_16000"],
            "commit_strategy": ["manual"],
            "include_timestamps": ["true"],
            "language_code": ["de"],
            "keyterms": ["Vivavoce"],
        }
