import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.messages import (
    BinaryContent,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from vivavoce.core.commands import Call, Message, Result
from vivavoce.providers.base import Ask, Tool
from vivavoce.providers.llm.messages import ORPHAN, PENDING, SILENCE, to_messages, to_parameters


def user(text):
    return Message("i", "user", text)


def agent(text, interrupted=False):
    return Message("i", "agent", text, interrupted)


def call(name, arguments="{}"):
    return Call("i", name, "look", arguments)


def result(name, output="found"):
    return Result("i", name, output)


def shape(*items, instructions=""):
    """The messages in short: kind of part and its content."""
    kinds = {UserPromptPart: "user", SystemPromptPart: "system", TextPart: "agent"}
    out = []
    for message in to_messages(Ask(instructions, items)):
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                out.append(("call", part.tool_call_id))
            elif isinstance(part, ToolReturnPart):
                out.append(("result", part.tool_call_id, part.content))
            else:
                out.append((kinds[type(part)], part.content))
    return out


@pytest.mark.parametrize(
    ("items", "sent"),
    [
        ((user("a"),), [("user", "a")]),
        ((user("a"), user("b")), [("user", "a\nb")]),
        ((user("a"), agent("x"), agent("y"), user("b")), [("user", "a"), ("agent", "x\ny"), ("user", "b")]),
        ((user("a"), agent("cut", True), user("b")), [("user", "a"), ("agent", "cut"), ("user", "b")]),
        ((user("a"), agent(""), user("b")), [("user", "a\nb")]),
        ((Message("i", "system", "s"), user("a")), [("system", "s"), ("user", "a")]),
        ((), [("user", SILENCE)]),
        ((user("a"), agent("x")), [("user", "a"), ("agent", "x"), ("user", SILENCE)]),
        ((user("a"), call("1"), result("1")), [("user", "a"), ("call", "1"), ("result", "1", "found")]),
        ((user("a"), agent("wait"), call("1"), result("1")),
         [("user", "a"), ("agent", "wait"), ("call", "1"), ("result", "1", "found")]),
        ((user("a"), call("1"), agent("wait"), result("1")),
         [("user", "a"), ("agent", "wait"), ("call", "1"), ("result", "1", "found")]),
        ((user("a"), call("1"), call("2"), result("2"), result("1")),
         [("user", "a"), ("call", "1"), ("call", "2"), ("result", "1", "found"), ("result", "2", "found")]),
        ((user("a"), call("1"), user("b"), result("1")),
         [("user", "a"), ("call", "1"), ("result", "1", "found"), ("user", "b")]),
        ((user("a"), call("1"), user("b")), [("user", "a"), ("call", "1"), ("result", "1", PENDING), ("user", "b")]),
        ((user("a"), call("1"), result("1"), agent("x"), user("b")),
         [("user", "a"), ("call", "1"), ("result", "1", "found"), ("agent", "x"), ("user", "b")]),
        ((user("a"), call("1"), result("1"), call("2"), result("2")),
         [("user", "a"), ("call", "1"), ("result", "1", "found"), ("call", "2"), ("result", "2", "found")]),
        ((user("a"), result("9")), [("user", "a"), ("system", ORPHAN.format("found"))]),
    ],
)  # fmt: skip
def test_history_becomes_a_valid_request(items, sent):
    assert shape(*items) == sent


def test_instructions_stand_on_the_last_request():
    messages = to_messages(Ask("Be kind.", (user("a"), agent("x"), user("b"))))
    assert [getattr(m, "instructions", None) for m in messages] == [None, None, "Be kind."]


@pytest.mark.parametrize(
    ("written", "sent"),
    [('{"a": 1}', {"a": 1}), ("", {}), ("[1]", {"input": [1]}), ("oops", {"input": "oops"}), ("null", {"input": None})],
)
def test_arguments_are_always_an_object(written, sent):
    part = to_messages(Ask("", (user("a"), call("1", written), result("1"))))[1].parts[0]
    assert json.loads(part.args) == sent


def test_tools_are_declared():
    (made,) = to_parameters([Tool("look", "Looks.", {})]).function_tools
    assert (made.name, made.description) == ("look", "Looks.")
    assert made.parameters_json_schema == {"type": "object", "properties": {}}


ITEM = st.one_of(
    st.builds(Message, st.just("i"), st.sampled_from(["user", "agent", "system"]), st.sampled_from(["", "a", "b"])),
    st.builds(call, st.sampled_from("123")),
    st.builds(result, st.sampled_from("1234")),
)


@given(st.lists(ITEM, max_size=12))
def test_any_history_gives_a_valid_request(items):
    messages = to_messages(Ask("x", tuple(items)))
    assert isinstance(messages[-1], ModelRequest)
    assert messages[-1].instructions == "x"
    for message, following in zip(messages, [*messages[1:], None], strict=True):
        assert message.parts
        assert following is None or type(message) is not type(following)
        called = [p.tool_call_id for p in message.parts if isinstance(p, ToolCallPart)]
        returned = [p.tool_call_id for p in following.parts if isinstance(p, ToolReturnPart)] if following else []
        assert not isinstance(message, ModelResponse) or called == returned


def test_images_come_before_the_words_that_speak_of_them():
    dot = "data:image/png;base64,iVBORw0KGgo="
    items = (
        user("look"),
        Message("i", "user", "what is this", images=(dot, "https://example.org/a.png")),
        Message("i", "user", "", images=(dot,)),
        user("and this"),
    )
    ((_, content),) = shape(*items)
    pixels = BinaryContent.from_data_uri(dot)
    assert pixels.data == b"\x89PNG\r\n\x1a\n"
    assert content == ["look", pixels, ImageUrl(url="https://example.org/a.png"), "what is this", pixels, "and this"]
