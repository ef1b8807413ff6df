"""The caller's side of the protocol: what is played of a server's answers, and what the server is told of that."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from openai.types.realtime import RealtimeClientEvent
from pydantic import TypeAdapter

from vivavoce.audio.pcm import Pcm
from vivavoce.core.units import OUT_RATE
from vivavoce.wire.openai_realtime import caller as machine
from vivavoce.wire.openai_realtime.caller import FRAME, Began, Caller, Effect, Failed, NoEvent, Opened, Said, Send


def tell(caller: Caller, kind: str, **fields: Any) -> list[Effect]:
    return caller.receive(json.dumps({"type": kind, **fields}))


def voice(ms: int, first: int = 1) -> Pcm:
    """Samples that tell where they are: first, first + 1, ..."""
    return (np.arange(OUT_RATE * ms // 1000) % 20_000 + first).astype(np.int16)


def speak(caller: Caller, pcm: Pcm, item: str = "item_a", response: str = "resp_a", text: str = "") -> None:
    fields = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
    if text:
        assert tell(caller, "response.output_audio_transcript.delta", delta=text, **fields) == []
    assert tell(caller, "response.output_audio.delta", delta=base64.b64encode(pcm.tobytes()).decode(), **fields) == []


def done(caller: Caller, response: str = "resp_a", status: str = "completed", **more: Any) -> list[Effect]:
    return tell(caller, "response.done", response={"id": response, "status": status, **more})


def interrupt(caller: Caller) -> list[Effect]:
    return tell(caller, "input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_user")


def play(caller: Caller, frames: int) -> tuple[Pcm, list[Effect]]:
    pieces, effects = zip(*(caller.frame() for _ in range(frames)), strict=True)
    return np.concatenate(pieces), [effect for some in effects for effect in some]


def truncated(item: str, ms: int) -> Send:
    event = {"type": "conversation.item.truncate", "item_id": item, "content_index": 0, "audio_end_ms": ms}
    return Send(event)


def session(**changes: Any) -> dict[str, Any]:
    pcm = {"type": "audio/pcm", "rate": 24_000}
    hears = {"format": pcm, "turn_detection": {"type": "server_vad", "interrupt_response": True}}
    return {"type": "realtime", "audio": {"input": hears, "output": {"format": pcm}}, **changes}


# the session


def test_a_session_that_is_as_it_should_be_is_left_alone() -> None:
    assert tell(Caller(), "session.created", session=session()) == [Opened()]
    assert tell(Caller(), "session.created", session={}) == [Opened()]


def test_only_what_cannot_be_used_is_changed() -> None:
    ulaw = {"type": "audio/pcmu"}
    changes = {"audio": {"input": {"format": ulaw, "turn_detection": None}, "output": {"format": ulaw}}}
    caller = Caller()
    opened, update = tell(caller, "session.created", session=session(output_modalities=["text"], **changes))
    assert opened == Opened()
    assert isinstance(update, Send)
    pcm = {"type": "audio/pcm", "rate": 24_000}
    assert update.event["session"] == {
        "type": "realtime",
        "audio": {"input": {"format": pcm, "turn_detection": {"type": "server_vad"}}, "output": {"format": pcm}},
        "output_modalities": ["audio"],
    }
    assert tell(caller, "session.updated", session=session()) == []


# what is heard


def test_an_answer_is_played_to_the_sample_and_told_when_it_begins_and_ends() -> None:
    caller = Caller()
    speak(caller, voice(30), text="Good ")
    speak(caller, voice(20, first=721), text="evening.")
    assert done(caller) == []
    assert not caller.silent
    heard, effects = play(caller, 4)
    assert np.array_equal(heard[: OUT_RATE * 50 // 1000], voice(50))
    assert not heard[OUT_RATE * 50 // 1000 :].any()
    assert effects == [Began("item_a"), Said("item_a", "Good evening.", "Good evening.")]
    assert caller.silent


def test_an_answer_that_comes_slowly_is_not_over_before_the_server_says_so() -> None:
    caller = Caller()
    speak(caller, voice(20), text="Good ")
    assert play(caller, 3)[1] == [Began("item_a")]
    speak(caller, voice(20), text="evening.")
    assert play(caller, 1)[1] == []
    assert done(caller) == [Said("item_a", "Good evening.", "Good evening.")]


def test_answers_follow_each_other_within_one_frame() -> None:
    caller = Caller()
    speak(caller, voice(10))
    speak(caller, voice(10, first=241), item="item_b", text="Second.")
    heard, effects = play(caller, 1)
    assert np.array_equal(heard, voice(20))
    assert effects == [Began("item_a"), Said("item_a", "", ""), Began("item_b")]


def test_the_whole_transcript_counts_more_than_its_pieces() -> None:
    caller = Caller()
    speak(caller, voice(20), text="Good eve")
    tell(caller, "response.output_audio_transcript.done", item_id="item_a", transcript="Good evening!")
    done(caller)
    assert play(caller, 1)[1][-1] == Said("item_a", "Good evening!", "Good evening!")


# interruptions


def test_the_server_is_told_to_the_ms_how_much_was_heard() -> None:
    caller = Caller()
    speak(caller, voice(2_000), text="one two three four")
    done(caller)
    play(caller, 50)
    assert interrupt(caller) == [
        truncated("item_a", 1_005),
        Said("item_a", "one two three four", "one two"),
    ]
    rest, effects = play(caller, 2)
    fade = rest[: OUT_RATE * 5 // 1000]
    assert fade[0] > 3_900
    assert fade[-1] == 0
    assert not rest[fade.size :].any()
    assert effects == []


def test_what_waits_behind_it_was_not_heard_at_all() -> None:
    caller = Caller()
    speak(caller, voice(400))
    done(caller)
    speak(caller, voice(100), item="item_b", response="resp_b", text="Never.")
    play(caller, 5)
    assert interrupt(caller) == [truncated("item_a", 105), Said("item_a", "", ""), truncated("item_b", 0)]
    assert caller.frame()[1] == []
    assert caller.silent


def test_audio_of_an_answer_that_was_cut_is_dropped_whenever_it_comes() -> None:
    caller = Caller()
    tell(caller, "response.created", response={"id": "resp_a"})
    speak(caller, voice(100))
    play(caller, 1)
    interrupt(caller)
    caller.frame()
    speak(caller, voice(100))
    speak(caller, voice(100), item="item_b", text="late")
    assert done(caller, status="cancelled") == []
    speak(caller, voice(100))
    assert caller.silent
    speak(caller, voice(20), item="item_c", response="resp_c")
    assert caller.frame()[0].any()


def test_who_heard_everything_truncates_nothing() -> None:
    caller = Caller()
    speak(caller, voice(40))
    done(caller)
    play(caller, 3)
    assert interrupt(caller) == []


def test_a_cancelled_answer_stops_without_any_speech() -> None:
    caller = Caller()
    speak(caller, voice(400), text="one two three four")
    speak(caller, voice(40), item="item_b", response="resp_b")
    play(caller, 5)
    cut = done(caller, status="cancelled", status_details={"type": "cancelled", "reason": "client_cancelled"})
    assert cut == [truncated("item_a", 105), Said("item_a", "one two three four", "")]
    heard, _ = play(caller, 1)
    assert np.array_equal(heard[OUT_RATE * 5 // 1000 :], voice(15))


def test_a_server_that_does_not_yield_is_heard_to_its_end() -> None:
    caller = Caller()
    given = session()
    given["audio"]["input"]["turn_detection"]["interrupt_response"] = False
    tell(caller, "session.created", session=given)
    speak(caller, voice(100))
    play(caller, 1)
    assert interrupt(caller) == []
    assert np.array_equal(caller.frame()[0], voice(40)[FRAME:])


def test_the_end_of_the_call_cuts_what_is_being_said() -> None:
    caller = Caller()
    speak(caller, voice(1_000), text="one two three four")
    done(caller)
    play(caller, 25)
    assert caller.close() == [Said("item_a", "one two three four", "one two")]
    assert caller.silent


# what it sends


def test_everything_it_sends_is_an_event_of_the_protocol() -> None:
    caller = Caller()
    speak(caller, voice(100))
    play(caller, 1)
    sent = [*interrupt(caller), *caller.ask("Hello."), caller.append(voice(20))]
    sent += tell(caller, "session.created", session=session(output_modalities=["text"]))
    events = [effect.event for effect in sent if isinstance(effect, Send)]
    kinds = ["conversation.item.truncate", "conversation.item.create", "response.create"]
    assert [event["type"] for event in events] == [*kinds, "input_audio_buffer.append", "session.update"]
    for event in events:
        TypeAdapter(RealtimeClientEvent).validate_python(event, extra="forbid")
    assert base64.b64decode(events[3]["audio"]) == voice(20).tobytes()


# what goes wrong


def test_errors_are_told_and_the_call_goes_on() -> None:
    caller = Caller()
    error = {"type": "server_error", "code": None, "message": "Out of words."}
    assert tell(caller, "error", error=error) == [Failed("server_error", "Out of words.")]
    assert tell(caller, "error", error={}) == [Failed("error", "the server gave no reason")]
    failed = {"type": "failed", "error": {"type": "x", "code": "insufficient_quota", "message": "No credit."}}
    assert done(caller, status="failed", status_details=failed) == [Failed("insufficient_quota", "No credit.")]
    assert done(caller, status="failed") == [Failed("error", "the server gave no reason")]
    speak(caller, voice(20))
    assert caller.frame()[0].any()


def test_unknown_events_are_passed_over() -> None:
    caller = Caller()
    assert tell(caller, "response.smell.delta", delta={"no": "text"}) == []
    assert tell(caller, "rate_limits.updated", rate_limits=None) == []


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        b"\xff\xfe",
        "[]",
        "null",
        '{"type": 3}',
        '{"delta": "x"}',
        '{"type": "session.created"}',
        '{"type": "error", "error": "bad"}',
        '{"type": "response.output_audio.delta", "response_id": "r", "item_id": "i", "delta": "%%%"}',
        '{"type": "response.output_audio.delta", "response_id": "r", "item_id": "i", "delta": "AA=="}',
        '{"type": "response.output_audio.delta", "response_id": "r", "item_id": null, "delta": "AAAA"}',
        "[" * 100_000,
    ],
)
def test_garbage_is_named_and_not_quoted(message: str | bytes) -> None:
    with pytest.raises(NoEvent) as refused:
        Caller().receive(message)
    assert str(refused.value) == "it sent something that is no event of the protocol"


def test_a_flood_of_speech_is_dropped_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LONGEST_S", 1)
    caller = Caller()
    flood = base64.b64encode(voice(1_500).tobytes()).decode()
    fields = {"response_id": "resp_a", "item_id": "item_a", "delta": flood}
    (failed,) = tell(caller, "response.output_audio.delta", **fields)
    assert isinstance(failed, Failed)
    assert failed.code == "overflow"
    done(caller)
    heard, _ = play(caller, 60)
    assert np.array_equal(heard[:OUT_RATE], voice(1_000))
    assert not heard[OUT_RATE:].any()
