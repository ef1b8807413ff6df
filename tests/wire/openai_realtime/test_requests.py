"""What each of a client's requests does: to the conversation, and to what the client is told."""

from __future__ import annotations

from typing import Any

import pytest

from vivavoce.core.commands import Generate
from vivavoce.wire.openai_realtime.effects import Configure

from .laws import at_rest
from .pair import Pair
from .world import CHAR, Answer, Called, Faults

Wire = dict[str, Any]
MANUAL: Wire = {"audio": {"input": {"turn_detection": None, "transcription": {"model": "whisper-1"}}}}
WORDS = "It is noon. And now it rains."


def saying(*answer: Any, session: Wire | None = None, step_ms: int = 20) -> tuple[Pair, list[Generate]]:
    """A session whose model says `answer`, and what the model is asked."""
    asked: list[Generate] = []

    def model(ask: Generate) -> Answer:
        asked.append(ask)
        return answer or (WORDS,)

    return Pair(session, Faults(model, step_ms=lambda: step_ms)), asked


def respond(pair: Pair, **response: Any) -> list[Wire]:
    return pair.send({"type": "response.create", **({"response": response} if response else {})})


def error(events: list[Wire]) -> Wire:
    (only,) = events
    assert only["type"] == "error"
    return only["error"]


# -- audio -------------------------------------------------------------------------------------------------------------


def commit(pair: Pair) -> list[Wire]:
    return pair.send({"type": "input_audio_buffer.commit"})


def test_a_commit_makes_an_item_at_once_and_its_words_come_later() -> None:
    pair = Pair(MANUAL)
    pair.to_say.append("what time is it")
    pair.append(800, 8_000)
    committed, added, done = commit(pair)
    assert [e["type"] for e in (committed, added, done)] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    assert done["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    pair.rest(500)
    assert pair.of("conversation.item.input_audio_transcription.completed")[0]["transcript"] == "what time is it"
    assert "response.created" not in pair.types()
    pair.check()
    at_rest(pair)


def test_too_little_audio_is_not_committed() -> None:
    pair = Pair(MANUAL)
    assert error(commit(pair))["code"] == "input_audio_buffer_commit_empty"
    pair.append(100)
    assert len(commit(pair)) == 3
    assert error(commit(pair))["code"] == "input_audio_buffer_commit_empty"


def test_two_turns_committed_in_a_row_have_their_own_words() -> None:
    pair = Pair(MANUAL)
    for text in ("what time is it", "and in paris"):
        pair.to_say.append(text)
        pair.append(600, 8_000)
        commit(pair)
    pair.rest(500)
    found = {e["item_id"]: e["transcript"] for e in pair.of("conversation.item.input_audio_transcription.completed")}
    assert found == {"item_abcc1": "what time is it", "item_abcc2": "and in paris"}
    assert [item.id for item in pair.conversation.history()] == ["item_abcc1", "item_abcc2"]
    pair.check()
    at_rest(pair)


def test_a_commit_of_silence_is_no_speech() -> None:
    pair = Pair()
    pair.append(500)
    assert next(event["type"] for event in commit(pair)) == "input_audio_buffer.committed"
    pair.rest()
    assert "input_audio_buffer.speech_started" not in pair.types()
    pair.check()
    at_rest(pair)


def test_a_commit_in_the_middle_of_speech_ends_one_turn_and_the_rest_is_another() -> None:
    pair = Pair()
    pair.to_say += ["what time is it", "and in paris"]
    pair.append(600, 8_000)
    assert [event["type"] for event in commit(pair)][:2] == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
    ]
    pair.append(600, 8_000)
    pair.append(800)
    pair.rest()
    assert pair.types().count("input_audio_buffer.speech_started") == 2
    users = [item.text for item in pair.conversation.history() if getattr(item, "role", "") == "user"]
    assert users == ["what time is it", "and in paris"]
    pair.check()
    at_rest(pair)


def test_cleared_audio_is_forgotten_but_not_what_was_committed_before_it() -> None:
    pair = Pair(MANUAL)
    for text in ("what time is it", "never mind"):
        pair.to_say.append(text)
        pair.append(600, 8_000)
        if text.startswith("what"):
            commit(pair)
    assert [e["type"] for e in pair.send({"type": "input_audio_buffer.clear"})] == ["input_audio_buffer.cleared"]
    pair.rest(500)
    assert [item.text for item in pair.conversation.history()] == ["what time is it"]
    assert error(commit(pair))["code"] == "input_audio_buffer_commit_empty"
    pair.check()


def test_a_client_over_a_socket_has_no_output_buffer_to_clear() -> None:
    assert error(Pair().send({"type": "output_audio_buffer.clear"}))["param"] == "type"


# -- truncation --------------------------------------------------------------------------------------------------------


def truncate(pair: Pair, ms: float, item: str | None = None, index: int = 0) -> list[Wire]:
    item = item or pair.of("response.output_audio.delta")[-1]["item_id"]
    event = {"type": "conversation.item.truncate", "item_id": item, "content_index": index, "audio_end_ms": ms}
    return pair.send(event)


def ends(word: str) -> int:
    """Ms at which the voice has said this word."""
    return (WORDS.index(word) + len(word)) * CHAR // 24


@pytest.mark.parametrize(
    ("ms", "kept"),
    [
        (0, ""),
        (1, ""),
        (ends("It") - 1, ""),
        (ends("It"), "It"),
        (ends("noon.") - 1, "It is"),
        (ends("noon."), "It is noon."),
        (ends("rains.") - 1, "It is noon. And now it"),
        (ends("rains."), WORDS),
    ],
)
def test_truncation_keeps_the_words_that_ended_before_the_mark(ms: int, kept: str) -> None:
    pair, _ = saying()
    respond(pair)
    pair.until(300)
    (event,) = truncate(pair, ms)
    assert (event["type"], event["audio_end_ms"]) == ("conversation.item.truncated", ms)
    shown = pair.send({"type": "conversation.item.retrieve", "item_id": event["item_id"]})[0]["item"]
    assert shown["content"][0]["transcript"] == kept
    assert [item.text for item in pair.conversation.history()] == ([kept] if kept else [])
    pair.rest()
    pair.check()
    at_rest(pair)


def test_what_nobody_reported_is_remembered_whole() -> None:
    pair, _ = saying()
    respond(pair)
    pair.rest()
    assert [item.text for item in pair.conversation.history()] == [WORDS]


def test_truncated_audio_is_kept_up_to_the_mark() -> None:
    pair, _ = saying()
    respond(pair)
    pair.rest()
    item = truncate(pair, 100)[0]["item_id"]
    shown = pair.send({"type": "conversation.item.retrieve", "item_id": item})[0]["item"]
    assert len(shown["content"][0]["audio"]) == 4_800 * 4 // 3


def test_an_answer_truncated_while_it_is_made_stays_truncated() -> None:
    pair, _ = saying("It is noon. ", "And now", " it rains.", step_ms=300)
    respond(pair)
    pair.until(1_000)
    assert "response.done" not in pair.types()
    truncate(pair, ends("It"))
    pair.rest()
    assert [item.text for item in pair.conversation.history()] == ["It"]
    pair.check()
    at_rest(pair)


def test_a_later_mark_does_not_bring_words_back() -> None:
    pair, _ = saying()
    respond(pair)
    pair.rest()
    (event,) = truncate(pair, ends("It"))
    refusal = error(truncate(pair, ends("noon.")))
    assert (refusal["code"], refusal["param"]) == ("invalid_value", "audio_end_ms")
    assert f"of {ends('It')}ms is already shorter than {ends('noon.')}ms" in refusal["message"]
    assert [item.text for item in pair.conversation.history()] == ["It"]
    assert truncate(pair, 0)[0]["audio_end_ms"] == 0
    assert pair.conversation.history() == ()
    assert event["audio_end_ms"] == ends("It")
    pair.check()
    at_rest(pair)


def test_a_later_mark_is_refused_while_the_first_is_not_answered() -> None:
    pair, _ = saying()
    respond(pair)
    pair.rest()
    sound = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "AAAA" * 800}]}
    pair.send({"type": "conversation.item.create", "item": sound})
    assert truncate(pair, 100) == []
    assert error(truncate(pair, 101))["param"] == "audio_end_ms"
    pair.rest()
    pair.check()
    at_rest(pair)


def test_a_mark_may_have_a_point_if_nothing_is_behind_it() -> None:
    pair, _ = saying()
    respond(pair)
    pair.rest()
    assert error(truncate(pair, 100.5))["param"] == "audio_end_ms"
    told = truncate(pair, 100.0)[0]["audio_end_ms"]
    assert (told, type(told)) == (100, int)


@pytest.mark.parametrize(
    ("ms", "index", "param"), [(-1, 0, "audio_end_ms"), (10**6, 0, "audio_end_ms"), (1, 1, "content_index")]
)
def test_what_cannot_be_truncated_there(ms: int, index: int, param: str) -> None:
    pair, _ = saying()
    respond(pair)
    pair.rest()
    assert error(truncate(pair, ms, index=index))["param"] == param


def test_only_the_agents_voice_can_be_truncated() -> None:
    pair, _ = saying("Yes.", Called("look"))
    assert error(truncate(pair, 0, "nobody"))["code"] == "item_truncate_invalid_item_id"
    respond(pair, output_modalities=["text"])
    pair.rest()
    for item in (e["item"]["id"] for e in pair.of("conversation.item.done")):
        assert error(truncate(pair, 0, item))["code"] == "unsupported_content_type"


def test_an_item_that_is_deleted_right_after_its_truncation_gets_both_answers() -> None:
    pair, _ = saying()
    respond(pair)
    pair.rest()
    sound = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "AAAA" * 800}]}
    pair.send({"type": "conversation.item.create", "item": sound})
    assert truncate(pair, 0) == []
    item = pair.of("response.output_audio.delta")[-1]["item_id"]
    told = pair.send({"type": "conversation.item.delete", "item_id": item})
    assert [e["type"] for e in told] == ["conversation.item.truncated", "conversation.item.deleted"]
    pair.rest()
    pair.check()
    at_rest(pair)


# -- responses ---------------------------------------------------------------------------------------------------------


def test_one_response_may_be_other_than_the_session() -> None:
    pair, _ = saying()
    (created,) = respond(
        pair,
        instructions="Rhyme.",
        output_modalities=["text"],
        max_output_tokens=7,
        metadata={"topic": "rain"},
        audio={"output": {"voice": "marin", "format": {"type": "audio/pcmu"}}},
        tool_choice="none",
    )
    response = created["response"]
    assert (response["output_modalities"], response["max_output_tokens"]) == (["text"], 7)
    assert response["metadata"] == {"topic": "rain"}
    assert response["audio"]["output"] == {"format": {"type": "audio/pcmu"}, "voice": "marin"}
    alone = next(agent for agent in reversed(pair.agents) if agent.ref == response["id"])
    assert (alone.session.instructions, alone.session.tool_choice) == ("Rhyme.", "none")
    pair.rest()
    assert pair.of("response.done")[0]["response"]["metadata"] == {"topic": "rain"}
    assert pair.server.session.instructions == "Be kind."
    respond(pair)
    assert pair.of("response.created")[1]["response"]["output_modalities"] == ["audio"]
    pair.rest()
    pair.check()


@pytest.mark.parametrize("given", [{"instructions": ""}, {"tools": []}])
def test_an_empty_override_is_an_override(given: Wire) -> None:
    pair, _ = saying(session={"tools": [{"type": "function", "name": "look"}]})
    respond(pair, **given)
    config = next(agent for agent in pair.agents if isinstance(agent, Configure) and agent.ref).session
    assert {key: getattr(config, key) for key in given} == given


def test_the_input_of_one_response_stands_in_for_the_conversation() -> None:
    pair, asked = saying()
    so = {"type": "message", "role": "user", "id": "a", "content": [{"type": "input_text", "text": "so"}]}
    pair.send({"type": "conversation.item.create", "item": so})
    pair.send({"type": "conversation.item.create", "item": {**so, "id": "b"}})
    for given in ([{"type": "item_reference", "id": "b"}], [], None):
        respond(pair, conversation="none", **({} if given is None else {"input": given}))
        pair.rest()
    assert [[item.id for item in ask.items] for ask in asked] == [["b"], [], ["a", "b"]]
    pair.check()


def test_a_response_may_be_of_no_conversation_in_particular() -> None:
    pair, _ = saying()
    (created,) = respond(pair, conversation=None)
    assert created["response"]["conversation_id"] == pair.server._state.conversation
    pair.rest()
    pair.check()


def test_a_response_beside_the_conversation_leaves_no_trace_in_it() -> None:
    pair, _ = saying()
    (created,) = respond(pair, conversation="none")
    assert created["response"]["conversation_id"] is None
    pair.rest()
    assert pair.conversation.history() == ()
    assert "conversation.item.added" not in pair.types()
    assert pair.of("response.done")[0]["response"]["output"][0]["content"][0]["transcript"] == WORDS
    pair.check()


def test_a_second_response_of_the_conversation_is_refused_while_one_is_made_beside_it_not() -> None:
    pair, _ = saying()
    respond(pair)
    assert error(respond(pair))["code"] == "conversation_already_has_active_response"
    assert [e["type"] for e in respond(pair, conversation="none")] == ["response.created"]
    pair.rest()
    assert len(pair.of("response.done")) == 2
    pair.check()
    at_rest(pair)


def test_there_are_at_most_sixteen_responses_beside_the_conversation() -> None:
    pair, _ = saying()
    found = [respond(pair, conversation="none")[0]["type"] for _ in range(17)]
    assert found == ["response.created"] * 16 + ["error"]


def test_a_transcription_session_makes_no_responses() -> None:
    assert error(respond(Pair(kind="transcription")))["param"] == "type"


@pytest.mark.parametrize("when", [0, 30, 100, 500])
@pytest.mark.parametrize("named", [True, False])
def test_a_cancelled_response_ends_at_once_and_only_once(when: int, named: bool) -> None:
    pair, _ = saying("It is noon. ", "And now", " it rains.", step_ms=200)
    response = respond(pair)[0]["response"]["id"]
    pair.until(when)
    told = pair.send({"type": "response.cancel", **({"response_id": response} if named else {})})
    (done,) = (event for event in told if event["type"] == "response.done")
    assert done["response"]["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    pair.rest()
    assert len(pair.of("response.done")) == 1
    assert error(pair.send({"type": "response.cancel"}))["code"] == "response_cancel_not_active"
    pair.check()
    at_rest(pair)


def test_words_and_calls_of_a_cancelled_response_that_nobody_was_told_of_are_forgotten() -> None:
    pair, _ = saying(Called("look"), "It is noon.")
    respond(pair, output_modalities=["text"])
    sound = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "AAAA" * 800}]}
    pair.send({"type": "conversation.item.create", "item": sound})
    pair.send({"type": "response.cancel"})
    pair.rest()
    assert [item.text for item in pair.conversation.history()] == ["spoken words"]
    pair.check()
    at_rest(pair)


# -- where we play the agent's voice -----------------------------------------------------------------------------------


def playing(*answer: Any, step_ms: int = 20) -> Pair:
    return Pair(faults=Faults(lambda ask: answer or (WORDS,), step_ms=lambda: step_ms), plays=True)


def sounds(pair: Pair) -> list[str]:
    """What was told of what sounds."""
    named = [kind for kind in pair.types() if kind.startswith("output_audio_buffer") or kind.endswith("truncated")]
    return [kind.rpartition(".")[2] for kind in named]


def silence(pair: Pair) -> list[Wire]:
    return pair.send({"type": "output_audio_buffer.clear"})


def test_an_answer_is_played_without_its_audio_being_sent() -> None:
    pair = playing()
    respond(pair)
    pair.rest()
    assert sounds(pair) == ["started", "stopped"]
    assert "response.output_audio.delta" not in pair.types()
    assert [item.text for item in pair.conversation.history()] == [WORDS]
    pair.check()
    at_rest(pair)


@pytest.mark.parametrize("made", [True, False])
def test_a_silenced_answer_keeps_the_words_that_were_heard(made: bool) -> None:
    pair = playing("It is noon. ", "And now", " it rains.", step_ms=20 if made else 200)
    respond(pair)
    while "output_audio_buffer.started" not in pair.types():
        pair.until(pair.now + 20)
    pair.until(pair.now + 250)
    silence(pair)
    pair.rest()
    assert sounds(pair) == ["started", "cleared", "truncated"]
    (done,) = pair.of("response.done")
    assert done["response"]["status"] == ("completed" if made else "cancelled")
    (event,) = pair.of("conversation.item.truncated")
    assert 200 <= event["audio_end_ms"] <= 400
    (said,) = (item.text for item in pair.conversation.history())
    assert said in ("It is noon.", "It is noon. And")
    (shown,) = pair.send({"type": "conversation.item.retrieve", "item_id": event["item_id"]})
    assert shown["item"]["content"][0]["transcript"] == said
    assert error(truncate(pair, event["audio_end_ms"] + 1, event["item_id"]))["param"] == "audio_end_ms"
    pair.check()
    at_rest(pair)


def test_a_silenced_answer_whose_item_was_deleted_is_not_truncated() -> None:
    pair = playing()
    respond(pair)
    pair.until(500)
    item = pair.of("conversation.item.done")[0]["item"]["id"]
    pair.send({"type": "conversation.item.delete", "item_id": item})
    silence(pair)
    pair.rest()
    assert sounds(pair) == ["started", "cleared"]
    pair.check()


@pytest.mark.parametrize("known", [{"conversation": "none"}, {"output_modalities": ["text"]}])
def test_an_answer_that_does_not_sound_is_not_silenced(known: Wire) -> None:
    pair = playing(step_ms=200)
    respond(pair, **known)
    pair.until(300)
    silence(pair)
    pair.rest()
    assert pair.of("response.done")[0]["response"]["status"] == "completed"
    assert sounds(pair) == []
    pair.check()
    at_rest(pair)


def test_limits_are_told_once_of_an_answer_that_is_silenced_when_it_is_done() -> None:
    pair = playing()
    respond(pair)
    pair.until(500)
    assert pair.types().count("rate_limits.updated") == 1
    silence(pair)
    pair.rest()
    assert pair.types().count("rate_limits.updated") == 1


# -- the session -------------------------------------------------------------------------------------------------------


def test_an_update_reaches_the_agent_and_the_conversation() -> None:
    pair = Pair()
    session = {"type": "realtime", "instructions": "Rhyme.", "output_modalities": ["text"]}
    assert [e["type"] for e in pair.send({"type": "session.update", "session": session})] == ["session.updated"]
    assert pair.agents[-1].session.instructions == "Rhyme."
    assert not pair.conversation.policy.reply.spoken


def test_a_refused_update_changes_nothing() -> None:
    pair = Pair()
    before, agents = pair.server.session, len(pair.agents)
    session = {"type": "realtime", "instructions": "Rhyme.", "audio": {"output": {"speed": 9}}}
    assert error(pair.send({"type": "session.update", "session": session}))["param"] == "session.audio.output.speed"
    assert pair.server.session is before
    assert len(pair.agents) == agents
