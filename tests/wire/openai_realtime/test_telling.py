"""What clients are told of the conversation: turns, words, answers that begin and end by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from vivavoce.core import notices as n
from vivavoce.core.commands import Why
from vivavoce.core.events import DigitPressed
from vivavoce.core.notices import Origin
from vivavoce.wire.openai_realtime.effects import Act

from .laws import at_rest
from .pair import EPOCH, Pair
from .world import Faults

Wire = dict[str, Any]
SPEECH = "conversation.item.input_audio_transcription"


def listening(detection: Wire | None = None, faults: Faults | None = None, **known: Any) -> Pair:
    vad = {"type": "server_vad", **(detection or {})}
    return Pair({"audio": {"input": {"turn_detection": vad, "transcription": {"model": "any"}}}}, faults, **known)


def spoken(pair: Pair) -> list[str]:
    """Kinds of what was told, without floor and deltas."""
    return [kind for kind in pair.types() if "delta" not in kind and not kind.startswith(("session", "rate_limits"))]


def test_a_turn_from_its_first_sound_to_its_answer() -> None:
    pair = listening()
    pair.append(300)
    pair.say("what time is it")
    pair.rest()
    assert spoken(pair)[:7] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        f"{SPEECH}.completed",
        "response.created",
    ]
    names = {event["item_id"] for event in pair.told if event["type"].startswith(("input_audio_buffer", SPEECH))}
    assert names == {pair.of("conversation.item.done")[0]["item"]["id"]}
    pair.check()
    at_rest(pair)


def test_times_are_those_of_the_audio_that_was_appended() -> None:
    pair = listening({"prefix_padding_ms": 0})
    pair.append(1_000)
    pair.say("what time is it", ms=800)
    assert pair.of("input_audio_buffer.speech_started")[0]["audio_start_ms"] == pytest.approx(1_000, abs=100)
    assert pair.of("input_audio_buffer.speech_stopped")[0]["audio_end_ms"] == pytest.approx(1_800, abs=100)


def test_words_come_in_pieces_that_make_the_whole_and_with_what_they_cost() -> None:
    pair = listening()
    pair.say("what time is it", ms=800)
    pair.rest()
    (completed,) = pair.of(f"{SPEECH}.completed")
    assert (
        "".join(event["delta"] for event in pair.of(f"{SPEECH}.delta")) == completed["transcript"] == "what time is it"
    )
    assert completed["usage"]["type"] == "duration"
    assert 0.8 <= completed["usage"]["seconds"] <= 1.2


def test_words_are_not_told_where_nobody_asked_for_them_but_the_item_has_them() -> None:
    pair = Pair()
    pair.say("what time is it")
    pair.rest()
    assert not any(kind.startswith(SPEECH) for kind in pair.types())
    item = pair.of("conversation.item.done")[0]["item"]["id"]
    found = pair.send({"type": "conversation.item.retrieve", "item_id": item})[0]["item"]
    assert found["content"][0]["transcript"] == "what time is it"
    assert found["content"][0]["audio"]


def test_words_that_never_come_are_a_failure_and_the_item_stays() -> None:
    session = {"audio": {"input": {"turn_detection": None, "transcription": {"model": "any"}}}}
    pair = Pair(session, Faults(words_fail=lambda: True))
    pair.append(300, 8_000)
    pair.send({"type": "input_audio_buffer.commit"})
    pair.rest()
    assert pair.types()[-1] == f"{SPEECH}.failed"
    assert pair.told[-1]["error"]["code"] == "transcription_timeout"
    pair.check()
    at_rest(pair)


def test_sound_without_words_is_no_turn() -> None:
    pair = listening()
    pair.say("", ms=300)
    pair.rest()
    assert "input_audio_buffer.committed" not in pair.types()
    assert pair.types().count("input_audio_buffer.speech_stopped") == 1
    pair.check()
    at_rest(pair)


def test_speech_interrupts_the_answer_which_is_cancelled_once() -> None:
    pair = listening(faults=Faults(lambda ask: ("It is noon. " * 20,), step_ms=lambda: 400))
    pair.say("what time is it")
    pair.until(pair.now + 1_500)
    assert pair.of("response.output_audio.delta")
    pair.say("stop")
    pair.rest()
    first = pair.of("response.done")[0]["response"]
    assert first["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert len(pair.of("response.done")) == len(pair.of("response.created")) == 2
    pair.check()
    at_rest(pair)


def test_speech_that_may_not_interrupt_is_answered_after_the_answer() -> None:
    pair = listening({"interrupt_response": False}, Faults(lambda ask: ("It is noon. " * 5,)))
    pair.say("what time is it")
    pair.until(pair.now + 100)
    pair.say("and in paris")
    pair.rest()
    assert [event["response"]["status"] for event in pair.of("response.done")] == ["completed", "completed"]
    pair.check()
    at_rest(pair)


def test_a_turn_is_not_answered_where_the_client_wants_to_decide() -> None:
    pair = listening({"create_response": False})
    pair.say("what time is it")
    pair.rest()
    assert "response.created" not in pair.types()
    assert len(pair.of("input_audio_buffer.committed")) == 1


def test_a_transcription_session_only_writes_down() -> None:
    pair = Pair({"audio": {"input": {"transcription": {"model": "any"}}}}, kind="transcription")
    pair.say("what time is it")
    pair.rest()
    assert pair.of(f"{SPEECH}.completed")[0]["transcript"] == "what time is it"
    assert "response.created" not in pair.types()
    pair.check()


def test_a_caller_who_says_nothing_after_an_answer_is_spoken_to_again() -> None:
    pair = listening({"idle_timeout_ms": 5_000})
    pair.say("what time is it")
    pair.rest(12_000)
    (event,) = pair.of("input_audio_buffer.timeout_triggered")[:1]
    assert event["audio_end_ms"] - event["audio_start_ms"] <= 5_000
    assert len(pair.of("response.created")) >= 2
    pair.check(finished=False)


def test_a_session_that_becomes_written_in_the_middle_of_a_turn_answers_in_writing() -> None:
    pair = Pair()
    pair.to_say.append("what time is it")
    pair.append(800, 8_000)
    pair.append(300)
    pair.send({"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text"]}})
    pair.append(500)
    pair.rest()
    assert pair.of("response.done")[0]["response"]["output"][0]["content"][0]["type"] == "output_text"
    pair.check()
    at_rest(pair)


def test_an_answer_that_was_cancelled_before_it_began_leaves_no_place_in_the_conversation() -> None:
    pair = Pair()
    effects = pair.server.observe(1, n.ReplyOpened(9, Origin.ASKED, "item_9", "resp_gone"), Why.ASKED)
    assert [effect.event.item for effect in effects if isinstance(effect, Act)] == ["item_9"]


def test_a_reply_that_was_refused_is_a_failed_response() -> None:
    pair = Pair()
    response = pair.send({"type": "response.create"})[0]["response"]["id"]
    pair.perform(pair.server.observe(1, n.ReplyRefused(response, "overflow", "too many"), Why.LIMIT))
    (done,) = pair.of("response.done")
    error = {"type": "server_error", "code": "overflow", "message": "too many"}
    assert done["response"]["status_details"] == {"type": "failed", "error": error}


def test_what_has_no_event_in_this_protocol_is_not_told() -> None:
    pair = Pair()
    assert pair.server.observe(1, n.FloorChanged(n.Floor.USER), Why.SPEECH) == []


def test_keys_of_a_caller_on_a_line() -> None:
    pair = Pair(plays=True)
    pair.rest(2_700)
    pair.post(DigitPressed("*", 16_000))
    pair.drain()
    # The one event without an id, as with OpenAI.
    assert pair.told[-1] == {
        "type": "input_audio_buffer.dtmf_event_received", "event": "*", "received_at": int(EPOCH + 2.7)
    }  # fmt: skip
    pair.check()


def test_a_client_that_sends_its_audio_itself_hears_of_no_keys() -> None:
    pair = Pair()
    pair.post(DigitPressed("*", 16_000))
    pair.drain()
    assert "input_audio_buffer.dtmf_event_received" not in pair.types()


def test_halves_of_characters_are_never_sent() -> None:
    pair = Pair(faults=Faults(lambda ask: ("Good \ud83d",)))
    pair.send({"type": "response.create", "response": {"output_modalities": ["text"]}})
    pair.rest()
    assert pair.of("response.output_text.done")[0]["text"] == "Good \ufffd"
    pair.check()
