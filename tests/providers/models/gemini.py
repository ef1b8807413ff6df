"""Google's API of generated content."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .script import CACHED, INPUT, KEY, Keeps, Script, data

_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}


class Gemini:
    opening = 0
    noise = (data({"usageMetadata": {"promptTokenCount": INPUT, "future": 1}, "new": {}}),)
    garbage = data("{not json")
    overloaded = data({"error": {"code": 503, "message": f"overloaded, {KEY}", "status": "UNAVAILABLE"}})
    prefix = Keeps(("tools", "systemInstruction"), "contents").prefix

    def refusal(self, status: int) -> bytes:
        return json.dumps({"error": {"code": status, "message": f"no, {KEY}", "status": "SOME"}}).encode()

    def pieces(self, script: Script) -> Iterator[bytes]:
        for number, text in enumerate(script.texts, 1):
            yield self._chunk([{"text": text}], number)
        out = len(script.texts) + len(script.calls)
        if script.calls:
            # It gives no ids, and all calls in one.
            calls = [{"name": c.name, "args": json.loads("".join(c.pieces))} for c in script.calls]
            yield self._chunk([{"functionCall": call} for call in calls], out)
        yield self._chunk([{"text": ""}], out, _FINISH[script.finish])

    def _chunk(self, parts: list[dict], out: int, finish: str = "") -> bytes:
        candidate = {"content": {"parts": parts, "role": "model"}, "index": 0}
        usage = {"promptTokenCount": INPUT, "candidatesTokenCount": out, "totalTokenCount": INPUT + out}
        return data(
            {
                "candidates": [candidate | ({"finishReason": finish} if finish else {})],
                "usageMetadata": usage | {"cachedContentTokenCount": CACHED},
                "modelVersion": "fake",
                "responseId": "r1",
            }
        )
