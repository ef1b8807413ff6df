"""OpenAI's two APIs: chat completions, which many servers and Mistral speak too, and responses."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .script import CACHED, INPUT, KEY, Keeps, Script, data

_FINISH = {"stop": "stop", "length": "length", "filter": "content_filter"}


class Chat:
    opening = 1
    noise = (b": ping\n\n", data({"id": "x", "object": "future", "created": 1, "model": "m", "choices": [], "new": {}}))
    garbage = data("{not json")
    overloaded = data({"error": {"message": f"overloaded, {KEY}", "type": "server_error", "code": 529}})
    prefix = Keeps(("tools",), "messages").prefix

    def refusal(self, status: int) -> bytes:
        return json.dumps({"error": {"message": f"no, {KEY}", "type": "error", "code": None}}).encode()

    def pieces(self, script: Script) -> Iterator[bytes]:
        yield self._chunk({"role": "assistant", "content": ""})
        for text in script.texts:
            yield self._chunk({"content": text})
        for index, called in enumerate(script.calls):
            for fragment in self._fragments(index, called, script.whole_calls):
                yield self._chunk({"tool_calls": [fragment]})
        finish = "tool_calls" if script.calls else _FINISH[script.finish]
        yield from self._ending(script, finish)
        yield data("[DONE]")

    def _ending(self, script: Script, finish: str) -> Iterator[bytes]:
        yield self._chunk({}, finish)
        yield data(self._made([]) | {"usage": self._usage(script)})

    def _fragments(self, index: int, called, whole: bool) -> Iterator[dict]:
        first, *rest = ("".join(called.pieces),) if whole else ("", *called.pieces)
        function = {"name": called.name, "arguments": first}
        yield {"index": index, "id": called.id, "type": "function", "function": function}
        for piece in rest:
            yield {"index": index, "function": {"arguments": piece}}

    def _usage(self, script: Script) -> dict:
        out = len(script.texts) + len(script.calls)
        told = {"prompt_tokens": INPUT, "completion_tokens": out, "total_tokens": INPUT + out}
        return told | {"prompt_tokens_details": {"cached_tokens": CACHED}}

    def _chunk(self, delta: dict, finish: str | None = None) -> bytes:
        return data(self._made([{"index": 0, "delta": delta, "finish_reason": finish}]))

    def _made(self, choices: list[dict]) -> dict:
        return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "fake", "choices": choices}


class SloppyChat(Chat):
    """A server that is compatible more or less: calls whole, all with index 0, without arguments where there are
    none, and it says `stop` after them."""

    def _fragments(self, index: int, called, whole: bool) -> Iterator[dict]:
        arguments = "".join(called.pieces)
        yield {
            "index": 0,
            "id": called.id,
            "type": "function",
            "function": {"name": called.name, "arguments": "" if arguments == "{}" else arguments},
        }

    def _ending(self, script: Script, finish: str) -> Iterator[bytes]:
        return super()._ending(script, "stop" if finish == "tool_calls" else finish)


class Mistral(Chat):
    """Usage comes with the finish, calls come whole, and there is a finish that says `error`."""

    def _ending(self, script: Script, finish: str) -> Iterator[bytes]:
        yield data(
            self._made([{"index": 0, "delta": {"content": ""}, "finish_reason": finish}])
            | {"usage": self._usage(script)}
        )

    def _fragments(self, index: int, called, whole: bool) -> Iterator[dict]:
        return super()._fragments(index, called, True)


class Responses:
    opening = 3
    noise = (b": ping\n\n", data({"type": "response.future", "sequence_number": 0, "new": {}}, "response.future"))
    garbage = data("{not json")
    overloaded = data({"type": "error", "code": "server_error", "message": KEY, "sequence_number": 9}, "error")
    prefix = Keeps(("instructions", "tools"), "input").prefix
    refusal = Chat.refusal

    def pieces(self, script: Script) -> Iterator[bytes]:
        yield self._event("created", response=self._response("in_progress"))
        message = {"type": "message", "id": "m1", "role": "assistant", "status": "in_progress", "content": []}
        yield self._event("output_item.added", output_index=0, item=message)
        part = {"type": "output_text", "text": "", "annotations": []}
        at = {"item_id": "m1", "output_index": 0, "content_index": 0}
        yield self._event("content_part.added", **at, part=part)
        for text in script.texts:
            yield self._event("output_text.delta", **at, delta=text, logprobs=[])
        text = "".join(script.texts)
        part = part | {"text": text}
        yield self._event("output_text.done", **at, text=text, logprobs=[])
        yield self._event("content_part.done", **at, part=part)
        done = message | {"status": "completed", "content": [part]}
        yield self._event("output_item.done", output_index=0, item=done)
        for index, called in enumerate(script.calls, 1):
            yield from self._call(index, called, script.whole_calls)
        yield self._last(script)

    def _call(self, index: int, called, whole: bool) -> Iterator[bytes]:
        arguments = "".join(called.pieces)
        item = {"type": "function_call", "id": f"f{index}", "call_id": called.id, "name": called.name}
        at = {"item_id": item["id"], "output_index": index}
        added = item | {"arguments": "", "status": "in_progress"}
        yield self._event("output_item.added", output_index=index, item=added)
        for piece in (arguments,) if whole else called.pieces:
            yield self._event("function_call_arguments.delta", **at, delta=piece)
        yield self._event("function_call_arguments.done", **at, arguments=arguments, name=called.name)
        done = item | {"arguments": arguments, "status": "completed"}
        yield self._event("output_item.done", output_index=index, item=done)

    def _last(self, script: Script) -> bytes:
        out = len(script.texts) + len(script.calls)
        usage = {
            "input_tokens": INPUT,
            "input_tokens_details": {"cached_tokens": CACHED},
            "output_tokens": out,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": INPUT + out,
        }
        if script.finish == "stop":
            return self._event("completed", response=self._response("completed", usage=usage))
        reason = {"length": "max_output_tokens", "filter": "content_filter"}[script.finish]
        cut = self._response("incomplete", usage=usage, incomplete_details={"reason": reason})
        return self._event("incomplete", response=cut)

    def _event(self, kind: str, **fields: object) -> bytes:
        return data({"type": f"response.{kind}", "sequence_number": 1} | fields, f"response.{kind}")

    def _response(self, status: str, **fields: object) -> dict:
        made = {"id": "r1", "object": "response", "created_at": 1, "model": "fake", "status": status, "output": []}
        rest = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None, "metadata": {}}
        return made | rest | {"incomplete_details": None, "usage": None} | fields
