from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("openai")

from openai._models import construct_type_unchecked
from openai.types.realtime import RealtimeServerEvent
from tests.providers.ears.vendor import KEY
from tests.providers.ears.vendors import FakeRealtime

from vivavoce.providers.hosted.failures import Answered
from vivavoce.providers.hosted.link import Said
from vivavoce.providers.openai.stt import OpenAiLink, OpenAiStt

WORDS = "conversation.item.input_audio_transcription."


def parsed(kind: str, **more: Any) -> Any:
    message = {"type": kind, "event_id": "e", "item_id": "i", "content_index": 0, **more}
    return construct_type_unchecked(value=message, type_=RealtimeServerEvent)  # type: ignore[arg-type]


def read(*messages: Any) -> list[Any]:
    link = OpenAiLink(None)
    return [fact for message in messages for fact in link.read(message)]


def test_deltas_grow_and_the_transcript_replaces_them() -> None:
    usage = {"type": "duration", "seconds": 1.0}
    told = read(
        parsed(WORDS + "delta", delta="well"),
        parsed(WORDS + "delta", delta=" I"),
        parsed(WORDS + "completed", transcript="Well, I", usage=usage),
        parsed(WORDS + "delta", delta="next"),
    )
    assert told == [Said("well"), Said("well I"), Said("Well, I", True, last=True), Said("next")]


@pytest.mark.parametrize("kind", ["error", WORDS + "failed"])
def test_nothing_to_transcribe_is_an_answer(kind: str) -> None:
    code = "input_audio_buffer_commit_empty" if kind == "error" else "audio_unintelligible"
    error = {"type": "invalid_request_error", "code": code, "message": "no"}
    assert read(parsed(kind, error=error)) == [Said("", True, last=True)]


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("invalid_request_error", "invalid_api_key", 401),
        ("invalid_request_error", "model_not_found", 404),
        ("invalid_request_error", "invalid_value", 400),
        ("tokens", "rate_limit_exceeded", 429),
        ("server_error", None, 500),
    ],
)
def test_errors(kind: str, code: str | None, status: int) -> None:
    with pytest.raises(Answered) as error:
        read(parsed("error", error={"type": kind, "code": code, "message": "sk-secret"}))
    assert error.value.status_code == status


@pytest.mark.parametrize("kind", ["input_audio_buffer.committed", "conversation.item.added", "novelty"])
def test_other_events_say_nothing(kind: str) -> None:
    assert read(parsed(kind)) == []


EXPECT = ["Vivavoce", "a large pizza"]


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("gpt-4o-transcribe", {"prompt": "Expect words like these: Vivavoce; a large pizza"}),
        ("whisper-1", {"prompt": "Vivavoce, a large pizza"}),
        ("gpt-transcribe", {"keywords": EXPECT}),
        ("gpt-realtime-whisper", {}),
    ],
)
async def test_what_is_asked_for(model: str, told: dict[str, Any]) -> None:
    async with FakeRealtime() as vendor:
        stt = OpenAiStt(model, KEY, f"{vendor.url}/v1", "de-AT")
        await stt.open(lambda event: None, EXPECT)
        await stt.close()
        await vendor.deserted()
        session = vendor.sessions[0]
        assert session.headers["Authorization"] == f"Bearer {KEY}"
        assert session.query == {"intent": ["transcription"]}
        heard = {
            "format": {"type": "audio/pcm", "rate": 24_000},
            "transcription": {"model": model, "language": "de", **told},
            "turn_detection": None,
        }
        update = {"type": "session.update", "session": {"type": "transcription", "audio": {"input": heard}}}
        assert session.texts == [update]
