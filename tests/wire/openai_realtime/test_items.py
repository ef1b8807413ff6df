"""Items: their shapes and places, creating, retrieving and deleting them, and what the model is given of them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from vivavoce.core.commands import Call, Generate, Message, Result
from vivavoce.wire.openai_realtime import items as module
from vivavoce.wire.openai_realtime.items import (
    Entry,
    Items,
    audio_of,
    checked,
    message,
    referenced,
    to_core,
    user_audio,
)
from vivavoce.wire.openai_realtime.refusal import Refusal

from .laws import at_rest
from .pair import Pair
from .world import Called, Faults

Wire = dict[str, Any]
SO: Wire = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "so"}]}
SOUND = base64.b64encode(bytes(4_800)).decode()


def create(pair: Pair, item: Wire, **known: str) -> list[Wire]:
    return pair.send({"type": "conversation.item.create", "item": item, **known})


def order(pair: Pair) -> list[str]:
    return [item.id for item in pair.conversation.history()]


# -- in a session ------------------------------------------------------------------------------------------------------


def test_a_created_item_is_added_and_done_behind_the_last_one() -> None:
    pair = Pair()
    create(pair, {**SO, "id": "a"})
    added, done = create(pair, {**SO, "id": "b"})
    assert (added["type"], done["type"]) == ("conversation.item.added", "conversation.item.done")
    assert added["previous_item_id"] == done["previous_item_id"] == "a"
    assert done["item"] == {**SO, "id": "b", "object": "realtime.item", "status": "completed"}
    pair.check()


def test_an_item_without_a_name_gets_one_of_its_own() -> None:
    pair = Pair()
    ids = {create(pair, SO)[0]["item"]["id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(ident.startswith("item_abc") for ident in ids)


@pytest.mark.parametrize(("after", "expected"), [("root", "xab"), ("a", "axb"), ("b", "abx"), (None, "abx")])
def test_an_item_stands_where_its_client_puts_it_for_client_and_model(after: str | None, expected: str) -> None:
    pair = Pair()
    create(pair, {**SO, "id": "a"})
    create(pair, {**SO, "id": "b"})
    added = create(pair, {**SO, "id": "x"}, **({"previous_item_id": after} if after else {}))[0]
    assert order(pair) == list(expected)
    at = expected.index("x")
    assert added["previous_item_id"] == (expected[at - 1] if at else None)
    pair.check()


@pytest.mark.parametrize(
    ("item", "after", "code", "param"),
    [
        ({**SO, "id": "a"}, None, "item_create_duplicate_item_id", "item.id"),
        ({**SO, "id": "b"}, "nobody", "invalid_value", "previous_item_id"),
    ],
)
def test_names_that_are_taken_or_unknown_are_refused(item: Wire, after: str | None, code: str, param: str) -> None:
    pair = Pair()
    create(pair, {**SO, "id": "a"})
    (error,) = create(pair, item, **({"previous_item_id": after} if after else {}))
    assert (error["error"]["code"], error["error"]["param"]) == (code, param)
    assert order(pair) == ["a"]
    assert [entry.id for entry in pair.server._state.items.entries] == ["a"]


def test_a_deleted_item_is_gone_for_client_and_model_and_its_name_is_free_again() -> None:
    pair = Pair()
    create(pair, {**SO, "id": "a"})
    assert [e["type"] for e in pair.send({"type": "conversation.item.delete", "item_id": "a"})] == [
        "conversation.item.deleted"
    ]
    assert order(pair) == []
    (error,) = pair.send({"type": "conversation.item.delete", "item_id": "a"})
    assert (error["error"]["code"], error["error"]["param"]) == ("item_delete_invalid_item_id", "item_id")
    create(pair, {**SO, "id": "a"})
    assert order(pair) == ["a"]
    pair.check()


def test_a_retrieved_item_has_its_audio_and_its_words() -> None:
    pair = Pair()
    create(pair, {"type": "message", "role": "user", "id": "a", "content": [{"type": "input_audio", "audio": SOUND}]})
    pair.rest(1_000)
    (found,) = pair.send({"type": "conversation.item.retrieve", "item_id": "a"})
    (part,) = found["item"]["content"]
    assert part == {"type": "input_audio", "transcript": "spoken words", "audio": SOUND}
    (error,) = pair.send({"type": "conversation.item.retrieve", "item_id": "b"})
    assert error["error"]["code"] == "item_retrieve_invalid_item_id"
    pair.check()


def spoken(samples: int, **known: str) -> Wire:
    return {"type": "input_audio", "audio": base64.b64encode(bytes(2 * samples)).decode(), **known}


def mixed(*parts: Wire | str) -> Wire:
    content = [{"type": "input_text", "text": part} if isinstance(part, str) else part for part in parts]
    return {"type": "message", "role": "user", "id": "a", "content": content}


@pytest.mark.parametrize(
    ("parts", "heard", "words"),
    [
        ((spoken(2_400), spoken(2_401)), [0, 1], "spoken words spoken words"),
        (("see", spoken(2_400)), [1], "see spoken words"),
        ((spoken(2_400), "see"), [0], "spoken words see"),
        (("see", "this", spoken(100), "and", spoken(100, transcript="that"), spoken(100)), [2, 5], None),
        ((spoken(2_400, transcript="said"), "so"), [], "said so"),
    ],
)
def test_all_audio_of_a_message_is_recognised_between_its_other_parts(
    parts: tuple[Wire | str, ...], heard: list[int], words: str | None
) -> None:
    pair = Pair({"audio": {"input": {"transcription": {}}}})
    create(pair, mixed(*parts))
    create(pair, {**SO, "id": "b"})
    pair.rest(1_000)
    found = pair.of("conversation.item.input_audio_transcription.completed")
    assert [(event["content_index"], event["transcript"]) for event in found] == [(n, "spoken words") for n in heard]
    texts = [item.text for item in pair.conversation.history() if isinstance(item, Message)]
    assert texts == [words or "see this spoken words and that spoken words", "so"]
    assert order(pair) == ["a", "b"]
    (shown,) = pair.send({"type": "conversation.item.retrieve", "item_id": "a"})
    for given, part in zip(mixed(*parts)["content"], shown["item"]["content"], strict=True):
        assert part == ({"transcript": "spoken words"} | given if given["type"] == "input_audio" else given)
    pair.check()
    at_rest(pair)


def test_a_picture_comes_with_the_first_words_of_its_message() -> None:
    pair = Pair()
    create(pair, mixed(spoken(2_400), {"type": "input_image", "image_url": PNG}, "this"))
    pair.rest(1_000)
    (item,) = pair.conversation.history()
    assert item == Message("a", "user", "spoken words this", images=(PNG,))


@pytest.mark.parametrize(("audio", "why"), [("AAA", "base64"), ("AAAA", "even")])
def test_the_part_whose_audio_cannot_be_used_is_named(audio: str, why: str) -> None:
    pair = Pair()
    (error,) = create(pair, mixed(spoken(100), "so", {"type": "input_audio", "audio": audio}))
    assert (error["error"]["code"], error["error"]["param"]) == ("invalid_value", "item.content[2].audio")
    assert why in error["error"]["message"]
    assert order(pair) == []


def test_an_item_that_is_deleted_while_its_words_are_found_is_gone() -> None:
    pair = Pair({"audio": {"input": {"transcription": {}}}})
    create(pair, mixed(spoken(100), "so", spoken(100)))
    pair.send({"type": "conversation.item.delete", "item_id": "a"})
    create(pair, mixed("other", spoken(100)))
    pair.rest(1_000)
    assert [item.text for item in pair.conversation.history() if isinstance(item, Message)] == ["other spoken words"]
    assert len(pair.of("conversation.item.input_audio_transcription.completed")) == 1
    pair.check()
    at_rest(pair)


def test_what_follows_created_audio_waits_for_its_words() -> None:
    pair = Pair()
    create(pair, {"type": "message", "role": "user", "id": "a", "content": [{"type": "input_audio", "audio": SOUND}]})
    create(pair, {**SO, "id": "b"})
    assert order(pair) == []
    pair.rest(1_000)
    assert order(pair) == ["a", "b"]


def test_the_result_of_a_call_stands_behind_it_for_the_model_wherever_it_came() -> None:
    asked: list[Generate] = []

    def answer(ask: Generate) -> tuple[str, ...]:
        asked.append(ask)
        return ("Yes.",)

    pair = Pair(faults=Faults(answer))
    create(pair, {"type": "function_call", "id": "c", "name": "look", "arguments": "{}", "call_id": "call_1"})
    create(pair, {**SO, "id": "s"})
    create(pair, {"type": "function_call_output", "id": "r", "call_id": "call_1", "output": "42"})
    pair.send({"type": "response.create"})
    pair.rest()
    assert [item.id for item in asked[0].items] == ["c", "r", "s"]
    pair.check()


# -- shapes ------------------------------------------------------------------------------------------------------------


def part(role: str, **content: Any) -> Wire:
    return {"type": "message", "role": role, "content": [content]}


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        (7, "invalid_type", "item"),
        ({}, "missing_required_parameter", "item.type"),
        ({"type": "mcp_call"}, "invalid_value", "item.type"),
        ({**SO, "id": 7}, "invalid_value", "item.id"),
        ({**SO, "id": "x" * 257}, "invalid_value", "item.id"),
        ({"type": "message"}, "missing_required_parameter", "item.role"),
        ({"type": "message", "role": "tool"}, "invalid_value", "item.role"),
        ({"type": "message", "role": "user"}, "missing_required_parameter", "item.content"),
        ({"type": "message", "role": "user", "content": [7]}, "invalid_value", "item.content[0].type"),
        (part("user", type="output_text", text="x"), "invalid_value", "item.content[0].type"),
        (part("user", type="text", text="x"), "invalid_value", "item.content[0].type"),
        (part("system", type="input_audio", audio=""), "invalid_value", "item.content[0].type"),
        (part("assistant", type="input_text", text="x"), "invalid_value", "item.content[0].type"),
        (part("user", type="input_text"), "missing_required_parameter", "item.content[0].text"),
        (part("user", type="input_text", text=7), "invalid_type", "item.content[0].text"),
        (part("user", type="input_audio"), "missing_required_parameter", "item.content[0].audio"),
        (part("user", type="input_audio", audio=7), "invalid_type", "item.content[0].audio"),
        (part("user", type="input_image", image_url="https://x"), "invalid_value", "item.content[0].image_url"),
        (part("assistant", type="output_audio", audio="AAAA"), "invalid_value", "item.content[0].audio"),
        ({"type": "function_call", "arguments": "{}"}, "missing_required_parameter", "item.name"),
        ({"type": "function_call", "name": "look", "arguments": {}}, "invalid_type", "item.arguments"),
        ({"type": "function_call_output", "output": ""}, "missing_required_parameter", "item.call_id"),
        ({"type": "function_call_output", "call_id": "c", "output": 42}, "invalid_type", "item.output"),
        ({"type": "mcp_approval_response", "approval_request_id": "x"}, "invalid_value", "item.approve"),
    ],
)
def test_what_is_no_item(given: object, code: str, param: str) -> None:
    with pytest.raises(Refusal) as refusal:
        checked(given, "fresh")
    assert (refusal.value.code, refusal.value.param) == (code, param)


PNG = "data:image/png;base64,AAAA"


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (SO, Message("fresh", "user", "so")),
        (part("system", type="input_text", text="Be brief."), Message("fresh", "system", "Be brief.")),
        (part("assistant", type="output_text", text="Oh."), Message("fresh", "agent", "Oh.")),
        (part("assistant", type="output_audio", transcript="Oh."), Message("fresh", "agent", "Oh.")),
        (part("user", type="input_audio", audio=SOUND, transcript="said"), Message("fresh", "user", "said")),
        (part("user", type="input_image", image_url=PNG), Message("fresh", "user", "", images=(PNG,))),
        (
            {"type": "function_call", "name": "look", "arguments": "{}"},
            Call("fresh", "call_fresh", "look", "{}"),
        ),
        ({"type": "function_call_output", "call_id": "c", "output": "42"}, Result("fresh", "c", "42")),
        ({"type": "mcp_approval_response", "approval_request_id": "x", "approve": True}, None),
    ],
)
def test_an_item_as_the_conversation_has_it(given: Wire, known: object) -> None:
    item = checked(given, "fresh")
    assert item["object"] == "realtime.item"
    assert to_core(item) == known


def test_the_audio_of_an_item_by_its_parts() -> None:
    parts = [{"type": "input_audio", "audio": "AAAA"}, {"type": "input_text", "text": "x"}]
    parts += [{"type": "input_audio", "transcript": "said"}, {"type": "input_audio", "audio": "BBBB"}]
    assert audio_of({**SO, "content": parts}) == {0: "AAAA", 3: "BBBB"}
    assert audio_of({"type": "function_call"}) == {}


# -- the ledger --------------------------------------------------------------------------------------------------------


def test_a_conversation_that_is_full_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ITEMS", 2)
    items = Items()
    items.add(Entry("a", SO))
    items.add(Entry("b", SO))
    with pytest.raises(Refusal) as refusal:
        items.add(Entry("c", SO))
    assert refusal.value.code == "conversation_too_long"
    items.remove("a")
    assert items.add(Entry("c", SO)) == "b"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conversations of four items, and room for two more that they make themselves."""
    monkeypatch.setattr(module, "MAX_ITEMS", 4)
    monkeypatch.setattr(module, "RESERVE_ITEMS", 2)


def filled(pair: Pair, count: int = 4) -> Pair:
    for n in range(count):
        create(pair, {**SO, "id": f"mine_{n}"})
    return pair


@pytest.mark.usefixtures("small")
def test_turns_and_answers_have_room_in_a_full_conversation_then_the_oldest_items_go() -> None:
    pair = filled(Pair())
    (error,) = create(pair, SO)
    assert (error["error"]["code"], error["error"]["param"]) == ("conversation_too_long", "item")
    for text in ("what time is it", "and in paris", "thank you"):
        pair.say(text)
        pair.rest()
    assert [event["item_id"] for event in pair.of("conversation.item.deleted")] == [f"mine_{n}" for n in range(4)]
    assert [e["response"]["status"] for e in pair.of("response.done")] == ["completed"] * 3
    assert len(order(pair)) == 6
    assert order(pair) == [entry.id for entry in pair.server._state.items.entries]
    pair.check()
    at_rest(pair)


@pytest.mark.usefixtures("small")
def test_what_is_still_made_does_not_go() -> None:
    model = Faults(lambda ask: ("It is noon. " * 9,) if len(ask.items) < 5 else ("Yes.",), step_ms=lambda: 500)
    pair = Pair({"audio": {"input": {"turn_detection": None}}}, model)
    pair.send({"type": "response.create"})
    pair.until(1_600)
    filled(pair, 3)
    for _ in range(4):
        pair.append(300, 8_000)
        pair.send({"type": "input_audio_buffer.commit"})
    (answer,) = pair.server._state.line
    assert answer.part is not None
    assert pair.server._state.items.get(answer.part.entry.id) is not None
    pair.rest()
    pair.check()


@pytest.mark.usefixtures("small")
def test_a_commit_in_a_full_conversation_is_refused_before_anything_is_taken() -> None:
    pair = filled(Pair({"audio": {"input": {"turn_detection": None}}}))
    pair.append(300, 8_000)
    for _ in range(2):
        (error,) = pair.send({"type": "input_audio_buffer.commit"})
        assert (error["error"]["code"], error["error"]["param"]) == ("conversation_too_long", None)
    pair.send({"type": "conversation.item.delete", "item_id": "mine_0"})
    assert [event["type"] for event in pair.send({"type": "input_audio_buffer.commit"})] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    pair.rest()
    pair.check()


@pytest.mark.usefixtures("small")
def test_lists_and_calls_of_servers_have_room_in_a_full_conversation() -> None:
    pair = filled(Pair(faults=Faults(lambda ask: (Called("buy"),))))
    pair.mcp = {"shop": [{"name": "buy"}]}
    tool = {"type": "mcp", "server_label": "shop", "server_url": "https://shop.test/mcp"}
    pair.send({"type": "session.update", "session": {"type": "realtime", "tools": [tool]}})
    pair.rest(200)
    pair.send({"type": "response.create"})
    pair.rest()
    request = pair.of("response.done")[0]["response"]["output"][0]["id"]
    for n in range(3):
        pair.send({"type": "conversation.item.delete", "item_id": f"mine_{n}"})
    decision = {"type": "mcp_approval_response", "approval_request_id": request, "approve": True}
    create(pair, decision)
    pair.rest()
    assert [e["item"]["output"] for e in pair.of("conversation.item.done") if e["item"]["type"] == "mcp_call"] == ["42"]
    pair.check()


def test_much_text_goes_like_many_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TEXT", 2_000)
    monkeypatch.setattr(module, "RESERVE_TEXT", 500)
    pair = Pair()
    for n in range(9):
        create(pair, {**part("user", type="input_text", text="x" * 300), "id": f"mine_{n}"})
    assert pair.types()[-1] == "error"
    for _ in range(4):
        pair.say("what time is it")
        pair.rest()
    assert [event["item_id"] for event in pair.of("conversation.item.deleted")][:1] == ["mine_0"]
    pair.check()
    at_rest(pair)


def test_an_answer_takes_back_the_name_that_a_client_guessed() -> None:
    pair = Pair()
    pair.send({"type": "response.create"})
    create(pair, {**SO, "id": "item_abc1"})
    pair.rest()
    assert [event["item_id"] for event in pair.of("conversation.item.deleted")] == ["item_abc1"]
    assert pair.of("response.done")[0]["response"]["output"][0]["id"] == "item_abc1"


def test_the_oldest_audio_goes_when_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_AUDIO", 250)
    items = Items()
    for name in "abc":
        entry = Entry(name, user_audio(name, "said"))
        items.add(entry)
        items.keep(entry, bytes(100))
    assert [len(entry.audio) for entry in items.entries] == [0, 100, 100]
    assert "audio" not in items.shown(items.entries[0])["content"][0]
    assert "audio" in items.shown(items.entries[1])["content"][0]


def test_what_the_conversation_does_not_know_is_stepped_over() -> None:
    items = Items()
    for name, known in (("a", True), ("list", False), ("b", True), ("request", False)):
        items.add(Entry(name, SO, known=known))
    assert items.known_before("b") is None
    items.add(Entry("x", SO), after="list")
    assert items.known_before("x") == "a"
    items.add(Entry("y", SO), after="root")
    assert items.known_before("y") == "root"
    items.add(Entry("z", SO))
    assert items.known_before("z") is None


def test_the_context_of_one_response_is_made_of_items_and_references() -> None:
    items = Items()
    items.add(Entry("a", message("a", "user", [{"type": "input_text", "text": "first"}])))
    found = referenced([{"type": "item_reference", "id": "a"}, SO], items, iter(["n1", "n2"]))
    assert found == (Message("a", "user", "first"), Message("n1", "user", "so"))
    assert referenced([], items, iter([])) == ()


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ([{"type": "item_reference", "id": "b"}], "response.input[0].id"),
        ([{"type": "item_reference"}], "response.input[0].id"),
        ([SO, {"type": "x"}], "response.input[1].type"),
        ([part("user", type="input_audio", audio="AAAA")], "response.input[0].content[0].audio"),
    ],
)
def test_what_a_response_cannot_be_given_is_refused(given: list[Wire], param: str) -> None:
    with pytest.raises(Refusal) as refusal:
        referenced(given, Items(), iter(["n1", "n2", "n3"]))
    assert refusal.value.param == param
