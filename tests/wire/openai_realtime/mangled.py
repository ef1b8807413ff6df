"""Frames that no client should send: valid events with one value replaced, and texts that are no events at all."""

from __future__ import annotations

import copy
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

Wire = dict[str, Any]
Path = tuple[str | int, ...]

AUDIO = "AAAA" * 1600
EVENTS: dict[str, Wire] = {
    "update": {
        "type": "session.update",
        "session": {
            "type": "realtime",
            "model": "fake",
            "output_modalities": ["audio"],
            "instructions": "Be brief.",
            "tools": [
                {
                    "type": "function",
                    "name": "look",
                    "description": "looks",
                    "parameters": {"type": "object", "properties": {}},
                },
                {
                    "type": "mcp",
                    "server_label": "shop",
                    "server_url": "https://shop.test/mcp",
                    "authorization": "secret",
                    "headers": {"X": "y"},
                    "allowed_tools": ["buy"],
                    "require_approval": {"always": {"tool_names": ["buy"]}, "never": {"tool_names": ["look"]}},
                },
            ],
            "tool_choice": {"type": "function", "name": "look"},
            "max_output_tokens": 100,
            "tracing": {"workflow_name": "w"},
            "truncation": {"type": "retention_ratio", "retention_ratio": 0.5},
            "prompt": {"id": "p", "version": "1", "variables": {"a": "b"}},
            "include": ["item.input_audio_transcription.logprobs"],
            "reasoning": {"effort": "low"},
            "parallel_tool_calls": True,
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": {"model": "whisper-1", "language": "en", "prompt": "names", "keywords": ["Ann"]},
                    "noise_reduction": {"type": "near_field"},
                    "turn_detection": {
                        "type": "server_vad",
                        "threshold": 0.5,
                        "prefix_padding_ms": 300,
                        "silence_duration_ms": 500,
                        "idle_timeout_ms": 6000,
                        "create_response": True,
                        "interrupt_response": True,
                    },
                },
                "output": {"format": {"type": "audio/pcmu"}, "voice": {"id": "mine"}, "speed": 1.0},
            },
        },
    },
    "semantic": {
        "type": "session.update",
        "session": {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}},
    },
    "append": {"type": "input_audio_buffer.append", "audio": AUDIO},
    "commit": {"type": "input_audio_buffer.commit"},
    "clear": {"type": "input_audio_buffer.clear"},
    "message": {
        "type": "conversation.item.create",
        "previous_item_id": "root",
        "item": {
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": [
                {"type": "input_text", "text": "so"},
                {"type": "input_audio", "audio": AUDIO, "transcript": "said"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
            ],
        },
    },
    "said": {
        "type": "conversation.item.create",
        "item": {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "so"}, {"type": "output_audio", "transcript": "said"}],
        },
    },
    "call": {
        "type": "conversation.item.create",
        "item": {"type": "function_call", "name": "look", "arguments": "{}", "call_id": "call_1"},
    },
    "result": {
        "type": "conversation.item.create",
        "item": {"type": "function_call_output", "call_id": "call_1", "output": "42"},
    },
    "approval": {
        "type": "conversation.item.create",
        "item": {"type": "mcp_approval_response", "approval_request_id": "none", "approve": True, "reason": "so"},
    },
    "retrieve": {"type": "conversation.item.retrieve", "item_id": "mine"},
    "delete": {"type": "conversation.item.delete", "item_id": "none"},
    "truncate": {"type": "conversation.item.truncate", "item_id": "said", "content_index": 0, "audio_end_ms": 0},
    "respond": {
        "type": "response.create",
        "response": {
            "conversation": "none",
            "input": [
                {"type": "item_reference", "id": "mine"},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "so"}]},
            ],
            "instructions": "Be brief.",
            "output_modalities": ["text"],
            "audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy"}},
            "tools": [{"type": "function", "name": "look", "parameters": {}}],
            "tool_choice": "auto",
            "parallel_tool_calls": False,
            "reasoning": {"effort": "low"},
            "max_output_tokens": 5,
            "prompt": {"id": "p"},
            "metadata": {"topic": "weather"},
        },
    },
    "cancel": {"type": "response.cancel", "response_id": "none"},
}
"""One of each, with every field that the protocol has for it."""

DEEP: Any = []
for _ in range(300):
    DEEP = [DEEP]
WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    7,
    2.5,
    10**30,
    10**5000,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "\ud800",
    "x" * 70_000,
    "\x00",
    [],
    [None],
    [7],
    [[]],
    ["x"],
    {},
    {"type": 7},
    {"x": {"y": 1}},
    {"type": "x"},
    {"id": 7},
    DEEP,
)
"""What may stand where something else belongs. Not everything is wrong everywhere."""


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Of everything inside a value."""
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in rows:
        yield (*at, key)
        yield from paths(inner, (*at, key))


def named(path: Path) -> str:
    """As errors name a parameter."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def changed(event: Wire, path: Path, value: Any) -> Wire:
    """The event with another value there."""
    event = copy.deepcopy(event)
    _at(event, path[:-1])[path[-1]] = value
    return event


def without(event: Wire, path: Path) -> Wire:
    event = copy.deepcopy(event)
    del _at(event, path[:-1])[path[-1]]
    return event


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def text(event: Wire) -> str:
    """As JSON, or what Python takes for it: NaN, and numbers of any length."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(event)
    finally:
        sys.set_int_max_str_digits(before)


def noise(dice: random.Random) -> str | bytes:
    """No event at all, or one cut short or with a few characters of it changed."""
    valid = text({**dice.choice(list(EVENTS.values())), "event_id": "mine"})
    match dice.randrange(8):
        case 0:
            return dice.randbytes(dice.randrange(60))
        case 1:
            return valid.encode()
        case 2:
            return "".join(chr(dice.choice([dice.randrange(128), dice.randrange(0x11_0000)])) for _ in range(40))
        case 3:
            return valid[: dice.randrange(len(valid))]
        case 4:
            return dice.choice("[{") * dice.randrange(1, 3_000)
        case 5:
            return '{"type":' * dice.randrange(1, 3_000)
        case 6:
            return dice.choice(['"response.create"', "7", "null", "[]", "{}", "NaN", '{"type":null}', "true", '""'])
        case _:
            cut = dice.randrange(len(valid))
            return valid[:cut] + chr(dice.randrange(32, 127)) + valid[cut + dice.randrange(3) :]
