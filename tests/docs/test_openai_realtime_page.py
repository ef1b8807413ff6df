"""The page about the Realtime protocol names every event and field of OpenAI's own client, and every error of ours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

pytest.importorskip("openai")

from openai.types import realtime
from pydantic import BaseModel

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "vivavoce"
PAGE = ROOT / "docs" / "protocols" / "openai-realtime.md"
_CODE = re.compile(r"`([^`]+)`")
_ERROR = re.compile(r"^[a-z]+(_[a-z]+)*$")

# What is described in a table of its own, and so is not looked for in the table of its owner.
_APART = ("tools", "tool_choice", "input", "item", "session", "response")
_OPAQUE = ("variables",)
"""Values in which nothing is looked at."""


@cache
def section(title: str) -> tuple[str, ...]:
    """What the tables between this heading and the next have in backticks, and the parts of dotted names."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("#") and line.lstrip("# ") == title)
    found: list[str] = []
    for line in lines[start + 1 :]:
        if line.startswith("#"):
            break
        if line.startswith("|"):
            found += [name for code in _CODE.findall(line) for name in (code, *code.split("."))]
    return tuple(found)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models of a union, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def fields_of(model: type[BaseModel], apart: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of its fields and of theirs, without what is in `apart`."""
    for name in model.model_fields:
        yield name
        if name not in (*apart, *_OPAQUE):
            for inner in models_in(hint_of(model, name)):
                yield from fields_of(inner, apart)


def hint_of(model: type[BaseModel], field: str) -> Any:
    return model.model_fields[field].annotation


def types_in(union: Any) -> list[str]:
    return [get_args(model.model_fields["type"].annotation)[0] for model in models_in(get_args(union)[0])]


def described() -> Iterator[tuple[str, str]]:
    """(heading, name) of everything that a client may send."""
    for event in models_in(get_args(realtime.RealtimeClientEvent)[0]):
        # `type` and `event_id` are the same in all, and described once above the table.
        for name in fields_of(event, _APART):
            if name not in ("type", "event_id"):
                yield "Client events", name
    sessions = [*models_in(hint_of(realtime.SessionUpdateEvent, "session"))]
    responses = [*models_in(hint_of(realtime.ResponseCreateEvent, "response"))]
    for model in sessions:
        for name in fields_of(model, _APART):
            yield "The session", name
        yield from (("The session", name) for name in audio_input(model))
    for model in responses:
        yield from (("response.create", name) for name in model.model_fields)
        # Prompts, reasoning and formats have the fields that they have in the session.
        for part in models_in(hint_of(model, "audio")):
            yield from (("response.create", f"audio.{name}") for name in dotted(part, 1))
    for model in (*sessions, *responses):
        for field in ("tools", "tool_choice"):
            for tool in models_in(hint_of(model, field)) if field in model.model_fields else ():
                yield from (("Tools", name) for name in fields_of(tool))
    for item in models_in(hint_of(realtime.ConversationItemCreateEvent, "item")):
        yield "Items", get_args(item.model_fields["type"].annotation)[0]
        yield from (("Items", name) for name in fields_of(item))


def audio_input(session: type[BaseModel]) -> Iterator[str]:
    """`input` names the context of a response, but also a part of the audio of a session."""
    for audio in models_in(hint_of(session, "audio")):
        if "input" in audio.model_fields:
            for part in models_in(hint_of(audio, "input")):
                yield from fields_of(part)


def dotted(model: type[BaseModel], depth: int) -> Iterator[str]:
    """The paths of its fields that are `depth` below it."""
    for name in model.model_fields:
        if not depth:
            yield name
        for inner in models_in(hint_of(model, name)) if depth else ():
            yield from (f"{name}.{path}" for path in dotted(inner, depth - 1))


def test_every_client_event_has_a_row() -> None:
    named = section("Client events")
    types = types_in(realtime.RealtimeClientEvent)
    assert len(types) >= 11
    assert [kind for kind in types if kind not in named] == []


@pytest.mark.parametrize(("title", "name"), sorted({*described()}))
def test_every_field_of_the_client_is_described(title: str, name: str) -> None:
    assert name in section(title), f"{PAGE.name} says nothing of {name} under {title!r}"


def test_the_walk_finds_what_is_deep_inside() -> None:
    found = {*described()}
    deep = ("idle_timeout_ms", "eagerness", "strength", "speed", "retention_ratio", "post_instructions", "keywords")
    assert {("The session", name) for name in deep} <= found
    assert {("Tools", "tool_names"), ("Tools", "require_approval"), ("Items", "image_url")} <= found
    assert ("response.create", "audio.output.voice") in found


def test_every_server_event_has_a_row() -> None:
    types = types_in(realtime.RealtimeServerEvent)
    assert len(types) >= 46
    assert [kind for kind in types if kind not in section("Server events")] == []


def test_what_the_page_calls_an_event_is_one() -> None:
    server = [name for name in section("Server events") if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name)]
    client = [name for name in section("Client events") if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name)]
    known = {*types_in(realtime.RealtimeServerEvent), *types_in(realtime.RealtimeClientEvent)}
    assert {*server, *client} - known == set()


# the errors


_ARGUMENT = {"Refusal": 0, "Refused": 1, "error_event": 0, "ReplyRefused": 1, "ProviderError": 0}
"""Where the code stands in calls of these names."""
_PLACES = ("wire/openai_realtime", "app/http", "app/realtime.py", "core/conversation.py", "core/speaking.py")
_ENGINES = ("core/failing.py", "providers", "runtime/execute.py", "runtime/speaker.py", "runtime/speech.py")
_PASSED_ON = ("_fault", "_http_error", "refused")
"""Functions that choose among codes before they are used."""


def codes_in(tree: ast.AST) -> Iterator[str]:
    """The codes that are written out in a module."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args) if len(args) > _ARGUMENT.get(name, 9):
                yield from texts_in(args[_ARGUMENT[name]])
            case ast.Call(func=ast.Name(id="ProviderFailed"), args=[ast.Attribute(attr="LLM" | "TTS"), code, *_]):
                yield from texts_in(code)
            case ast.Dict(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                yield from (
                    t for k, v in pairs if isinstance(k, ast.Constant) and k.value == "code" for t in texts_in(v)
                )
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in _PASSED_ON:
                found = (text for inner in ast.walk(node) for text in texts_in(inner))
                yield from (text for text in found if "_" in text and _ERROR.match(text))


def texts_in(node: ast.AST) -> Iterator[str]:
    """A text, or those that an expression chooses from."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*texts_in(body), *texts_in(orelse))
        case ast.BoolOp(values=values):
            yield from (text for value in values for text in texts_in(value))


def files(places: tuple[str, ...]) -> Iterator[Path]:
    for place in places:
        path = SOURCE / place
        yield from path.rglob("*.py") if path.is_dir() else [path]


def codes() -> list[str]:
    found = {code for file in files((*_PLACES, *_ENGINES)) for code in codes_in(ast.parse(file.read_text("utf-8")))}
    return sorted(found)


@pytest.mark.parametrize("code", codes())
def test_every_error_code_is_explained(code: str) -> None:
    assert code in section("Errors"), f"{PAGE.name} does not explain the error {code}"


def test_the_codes_are_found() -> None:
    found = set(codes())
    assert {"unknown_parameter", "session_expired", "transcription_timeout", "mcp_list_tools_failed"} <= found
    assert {"origin_not_allowed", "call_id_not_found", "invalid_intent", "method_not_allowed"} <= found
    assert {"no_audio", "rate_limited", "overflow", "timeout"} <= found
    assert all(_ERROR.match(code) for code in found), found
