"""One response: the order of its events, its ending, and what it is said to have cost."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from vivavoce.wire.openai_realtime.config import Session
from vivavoce.wire.openai_realtime.items import Entry
from vivavoce.wire.openai_realtime.response import Response, call_entry

from .laws import at_rest
from .pair import Pair
from .world import Answer, Broken, Called, Faults, Short

Wire = dict[str, Any]


def answered(*answer: Any, faults: Faults | None = None, **response: Any) -> Pair:
    """A session after one response to `answer`."""
    pair = Pair(faults=faults or Faults(lambda ask: answer))
    pair.send({"type": "response.create", "response": response})
    pair.rest()
    pair.check()
    at_rest(pair)
    return pair


def done(pair: Pair) -> Wire:
    (event,) = pair.of("response.done")
    return event["response"]


def kinds(pair: Pair) -> list[str]:
    """The events of a response, each once where it repeats."""
    found = [kind for kind in pair.types() if kind.startswith("response.")]
    return [kind for n, kind in enumerate(found) if found[n - 1 : n] != [kind]]


def test_a_written_answer_from_its_beginning_to_its_end() -> None:
    pair = answered("It is noon.", output_modalities=["text"])
    assert kinds(pair) == [
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert done(pair)["output"][0]["content"] == [{"type": "output_text", "text": "It is noon."}]


def test_a_spoken_answer_has_its_words_and_its_audio() -> None:
    pair = answered("It is ", "noon.")
    deltas = "".join(event["delta"] for event in pair.of("response.output_audio_transcript.delta"))
    assert deltas == pair.of("response.output_audio_transcript.done")[0]["transcript"] == "It is noon."
    assert pair.seconds_of(done(pair)["id"]) == pytest.approx(11 * 480 / 24_000)
    assert kinds(pair)[-5:] == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]


@pytest.mark.parametrize("form", ["audio/pcmu", "audio/pcma"])
def test_a_voice_for_the_telephone_has_a_byte_for_every_eighth_of_a_millisecond(form: str) -> None:
    pair = answered("It is noon.", audio={"output": {"format": {"type": form}}})
    size = sum(len(base64.b64decode(event["delta"])) for event in pair.of("response.output_audio.delta"))
    assert size == pytest.approx(11 * 20 * 8, abs=2)


def test_calls_are_items_of_their_own_beside_the_words() -> None:
    pair = answered("Wait. ", Called("look", '{"n":1}'), Called("book", "{}"), output_modalities=["text"])
    output = done(pair)["output"]
    assert [item["type"] for item in output] == ["message", "function_call", "function_call"]
    assert [(item["name"], item["arguments"]) for item in output[1:]] == [("look", '{"n":1}'), ("book", "{}")]
    assert len({item["call_id"] for item in output[1:]}) == 2
    assert [event["output_index"] for event in pair.of("response.function_call_arguments.done")] == [1, 2]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert done(answered(Called("look", "")))["output"][0]["arguments"] == "{}"


def test_an_answer_of_nothing_is_complete() -> None:
    response = done(answered())
    assert (response["status"], response["output"], response["status_details"]) == ("completed", [], None)


@pytest.mark.parametrize(("short", "reason"), [("length", "max_output_tokens"), ("filter", "content_filter")])
def test_an_answer_that_its_model_cut_short_is_incomplete(short: str, reason: str) -> None:
    response = done(answered("It is", Short(short)))
    assert response["status"] == "incomplete"
    assert response["status_details"] == {"type": "incomplete", "reason": reason}
    assert response["output"][0]["status"] == "incomplete"


def test_an_answer_whose_model_failed_says_why() -> None:
    response = done(answered("It is", Broken("overloaded")))
    assert response["status"] == "failed"
    error = {"type": "server_error", "code": "overloaded", "message": "the model died"}
    assert response["status_details"] == {"type": "failed", "error": error}


def test_an_answer_whose_voice_failed_says_so() -> None:
    def model(ask: object) -> Answer:
        return ("It is noon.",)

    response = done(answered(faults=Faults(model, voice_fails=lambda: True)))
    assert response["status_details"]["error"]["code"] == "refused"


def test_usage_counts_what_the_model_metered_and_its_audio() -> None:
    usage = done(answered("x" * 100))["usage"]
    assert (usage["input_tokens"], usage["output_token_details"]) == (9, {"text_tokens": 7, "audio_tokens": 40})
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] == 9 + 47


def test_limits_are_told_after_every_response() -> None:
    pair = answered("Yes.")
    assert pair.types()[-1] == "rate_limits.updated"
    assert pair.told[-1]["rate_limits"][0]["remaining"] == 119


# -- alone -------------------------------------------------------------------------------------------------------------


class Told:
    """A response on its own, and what it tells."""

    def __init__(self) -> None:
        self.events: list[Wire] = []
        self.response = Response("resp_1", Session(), "conv_1", None, self.events.append, lambda entry: None)
        self.response.item = "item_1"

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


def test_a_response_that_is_held_tells_everything_in_order_when_it_is_let_go() -> None:
    told = Told()
    response = told.response
    response.hold()
    response.do(response.created)
    response.do(lambda: response.delta("Yes."))
    response.end("cancelled", "client_cancelled")
    assert told.events == []
    assert response.ending
    assert not response.closed
    response.let_go()
    assert told.types[0] == "response.created"
    assert told.types[-1] == "response.done"


def test_a_response_is_done_once_whatever_ends_it() -> None:
    told = Told()
    told.response.created()
    told.response.finish("completed")
    told.response.end("failed")
    told.response.finish("cancelled")
    assert told.types.count("response.done") == 1
    assert told.events[-1]["response"]["status"] == "completed"


def test_a_response_waits_for_its_open_calls() -> None:
    told = Told()
    response = told.response
    entry = Entry("call_item", {"id": "call_item", "type": "mcp_call", "arguments": "{}"})
    opened = response.call(entry, "mcp_call")
    response.complete()
    assert not response.closed
    assert not response.ready
    response.close_call(opened)
    response.close_call(opened)
    assert response.ready
    assert told.types.count("response.output_item.done") == 1


def test_what_is_open_is_closed_when_it_ends() -> None:
    told = Told()
    told.response.delta("It is")
    told.response.call(Entry("m", {"id": "m", "type": "mcp_call", "arguments": "{}"}), "mcp_call")
    told.response.finish("cancelled", "turn_detected")
    assert told.types.count("response.output_item.added") == told.types.count("response.output_item.done") == 2
    assert told.events[-1]["response"]["output"][0]["status"] == "incomplete"


def test_the_entry_of_a_call_knows_its_reply() -> None:
    entry = call_entry("item_1", "call_1", "look", "{}", 7)
    assert (entry.id, entry.reply, entry.item["call_id"]) == ("item_1", 7, "call_1")
