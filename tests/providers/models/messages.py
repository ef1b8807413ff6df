"""Anthropic's API of messages."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .script import CACHED, INPUT, KEY, Keeps, Script, data

_STOP = {"stop": "end_turn", "length": "max_tokens", "filter": "refusal"}


class Messages:
    opening = 2
    noise = (data({"type": "ping"}, "ping"), b": life\n\n", data({"type": "future", "new": {}}, "future"))
    garbage = data("{not json", "content_block_delta")
    overloaded = data({"type": "error", "error": {"type": "overloaded_error", "message": KEY}}, "error")
    prefix = Keeps(("tools", "system"), "messages").prefix

    def refusal(self, status: int) -> bytes:
        return json.dumps({"type": "error", "error": {"type": "some_error", "message": f"no, {KEY}"}}).encode()

    def pieces(self, script: Script) -> Iterator[bytes]:
        told = {"input_tokens": INPUT - CACHED, "cache_read_input_tokens": CACHED, "cache_creation_input_tokens": 0}
        message = {"id": "m1", "type": "message", "role": "assistant", "content": [], "model": "fake"}
        opened = message | {"stop_reason": None, "stop_sequence": None, "usage": told | {"output_tokens": 1}}
        yield self._event("message_start", message=opened)
        yield self._event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for text in script.texts:
            yield self._delta(0, {"type": "text_delta", "text": text})
        yield self._event("content_block_stop", index=0)
        for index, called in enumerate(script.calls, 1):
            yield from self._call(index, called, script.whole_calls)
        stop = "tool_use" if script.calls else _STOP[script.finish]
        out = {"output_tokens": len(script.texts) + len(script.calls)}
        yield self._event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage=out)
        yield self._event("message_stop")

    def _call(self, index: int, called, whole: bool) -> Iterator[bytes]:
        block = {"type": "tool_use", "id": called.id, "name": called.name, "input": {}}
        yield self._event("content_block_start", index=index, content_block=block)
        arguments = "".join(called.pieces)
        # Without arguments the vendor sends one empty piece.
        pieces = ("",) if arguments == "{}" else (arguments,) if whole else ("", *called.pieces)
        for piece in pieces:
            yield self._delta(index, {"type": "input_json_delta", "partial_json": piece})
        yield self._event("content_block_stop", index=index)

    def _delta(self, index: int, delta: dict) -> bytes:
        return self._event("content_block_delta", index=index, delta=delta)

    def _event(self, kind: str, **fields: object) -> bytes:
        return data({"type": kind} | fields, kind)
