"""Our own events: what goes on inside a call, for pages and dashboards. One JSON object a message, times in ms.

Official clients never see them: they go over a channel of their own. Every message has `type` and `at_ms` (session ms).

- `floor`: floor (nobody, user, agent, both)
- `user.words`: turn, item_id, text, final; `user.dropped`: turn, text, why
- `agent.voice`: reply, action (duck, hold, resume, stop), why, says
- `reply.opened`: reply, item_id, origin, speaker (of a duet); `reply.playing`: reply, item_id, ms
- `reply.words`: reply, item_id, words ({text, start_ms, end_ms} in the reply's own audio), exact; in pieces
- `reply.closed`: reply, item_id, ending (done, cut, failed), text, heard, exact, ms
- `tool`: call, name, arguments or output, state (started, done, failed)
- `report`: one exchange, as `vivavoce talk --json` prints it
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ..core import commands as c
from ..core import events as e
from ..core import notices as n
from ..core.units import out_ms

_encode = msgspec.json.Encoder().encode
_PLAYING_MS = 100
_ACTIONS: dict[type, str] = {c.Duck: "duck", c.Hold: "hold", c.Resume: "resume", c.Flush: "stop"}


@dataclass(slots=True)
class _Part:
    text: str
    start: int = 0
    """Samples of the reply before it."""
    samples: int = 0
    chars: int = 0
    """How far its words were told."""
    at: int = 0


@dataclass(slots=True)
class _Reply:
    item: str = ""
    """Empty for an early answer that nobody may know of yet."""
    parts: dict[int, _Part] = field(default_factory=dict)
    samples: int = 0
    words: list[dict[str, Any]] = field(default_factory=list)
    """Untold, until it is opened."""
    exact: bool = True
    told_ms: int = 0


class Watching:
    """Makes messages of what a conversation is told and what it decides."""

    def __init__(self) -> None:
        self._replies: dict[int, _Reply] = {}
        self._items: dict[int, str] = {}
        """Turn -> item."""

    def handled(self, now: int, event: e.Event, commands: Sequence[c.Command]) -> list[bytes]:
        """The messages about one event and what it led to."""
        found = [*self._event(event)]
        for command in commands:
            found += self._command(command)
        return [_encode({"at_ms": now, **message}) for message in found]

    # the agent's voice

    def _event(self, event: e.Event) -> Iterator[dict[str, Any]]:
        match event:
            case e.ReplyAudio() if (reply := self._replies.get(event.reply)) is not None:
                self._audio(reply, event)
                yield from self._words(event.reply, reply)
            case e.ReplyAudioEnded() if (reply := self._replies.get(event.reply)) is not None:
                self._ended(reply, event.part)
                yield from self._words(event.reply, reply)
            case e.Played(number, samples, final) if (reply := self._replies.get(number)) is not None:
                ms = out_ms(samples)
                if final or ms - reply.told_ms >= _PLAYING_MS:
                    reply.told_ms = ms
                    yield {"type": "reply.playing", "reply": number, "item_id": reply.item, "ms": ms}
            case _:
                return

    def _audio(self, reply: _Reply, event: e.ReplyAudio) -> None:
        part = reply.parts.get(event.part)
        if part is None:
            return
        if not part.samples:
            part.start = part.at = reply.samples
        reply.samples += event.samples
        part.samples += event.samples
        for end in event.words:
            if end.chars > part.chars:
                reply.words.append(_word(part, end.chars, part.start + end.samples))

    def _ended(self, reply: _Reply, number: int) -> None:
        """What has no times of its own gets the time that is left."""
        part = reply.parts.get(number)
        if part is not None and part.samples and part.text[part.chars :].strip():
            reply.exact = reply.exact and part.chars > 0
            reply.words.append(_word(part, len(part.text), part.start + part.samples))

    def _words(self, number: int, reply: _Reply) -> Iterator[dict[str, Any]]:
        if reply.words and reply.item:
            words, reply.words = reply.words, []
            found = {"reply": number, "item_id": reply.item, "words": words, "exact": reply.exact}
            yield {"type": "reply.words", **found}

    # decisions

    def _command(self, command: c.Command) -> Iterator[dict[str, Any]]:
        match command:
            case c.Speak(number, part, text):
                self._replies.setdefault(number, _Reply()).parts.setdefault(part, _Part(text))
            case c.Duck() | c.Hold() | c.Resume():
                yield self._voice(command)
            case c.Flush(number) if (reply := self._replies.get(number)) is not None and reply.told_ms:
                yield self._voice(command)
            case c.Cancel(number, attempt=None) if (reply := self._replies.get(number)) is not None and not reply.item:
                # An early answer that was thrown away.
                del self._replies[number]
            case c.Tell(notice, why):
                yield from self._notice(notice, why)
            case _:
                return

    def _voice(self, command: c.Duck | c.Hold | c.Resume | c.Flush) -> dict[str, Any]:
        action, why = _ACTIONS[type(command)], command.why
        return {"type": "agent.voice", "reply": command.reply, "action": action, "why": why.name, "says": why.value}

    def _notice(self, notice: n.Notice, why: c.Why) -> Iterator[dict[str, Any]]:
        match notice:
            case n.FloorChanged(floor):
                yield {"type": "floor", "floor": floor.value}
            case n.UserStarted(turn, _, item):
                self._items[turn] = item
            case n.UserSaid(turn, text, final):
                item = self._items.get(turn, "")
                yield {"type": "user.words", "turn": turn, "item_id": item, "text": text, "final": final}
            case n.UserTurned(turn):
                self._items.pop(turn, None)
            case n.UserDropped(turn, text):
                self._items.pop(turn, None)
                yield {"type": "user.dropped", "turn": turn, "text": text, "why": why.value}
            case n.ReplyOpened(number, origin, item, speaker=speaker):
                reply = self._replies.setdefault(number, _Reply())
                reply.item = item
                opened = {"type": "reply.opened", "reply": number, "item_id": item, "origin": origin.value}
                yield opened | ({"speaker": speaker} if speaker else {})
                yield from self._words(number, reply)
            case n.ReplyClosed():
                yield self._closed(notice)
            case n.ToolStarted():
                tool = {"call": notice.call, "name": notice.name, "arguments": notice.arguments}
                yield {"type": "tool", **tool, "state": "started"}
            case n.ToolSettled():
                state = "done" if notice.ok else "failed"
                yield {
                    "type": "tool",
                    "call": notice.call,
                    "name": notice.name,
                    "state": state,
                    "output": notice.output,
                }
            case n.TurnReport():
                yield {"type": "report", **report_dict(notice)}
            case _:
                return

    def _closed(self, notice: n.ReplyClosed) -> dict[str, Any]:
        reply = self._replies.pop(notice.reply, _Reply())
        return {
            "type": "reply.closed",
            "reply": notice.reply,
            "item_id": reply.item,
            "ending": notice.ending.value,
            "text": notice.text,
            "heard": notice.heard,
            "exact": notice.exact,
            "ms": out_ms(notice.samples),
        }


def _word(part: _Part, chars: int, end: int) -> dict[str, Any]:
    """The words of a part up to a character, spoken up to a sample."""
    word = {"text": part.text[part.chars : chars], "start_ms": out_ms(part.at), "end_ms": out_ms(end)}
    part.chars, part.at = chars, end
    return word


def report_dict(report: n.TurnReport) -> dict[str, Any]:
    """One exchange for programs: a turn in `--json` output, and a `report`."""
    return {
        "turn": report.turn,
        "origin": report.origin.value,
        "user_text": report.user_text,
        "agent_text": report.agent_text,
        "heard_text": report.heard_text,
        "heard_exact": report.heard_exact,
        "interrupted": report.interrupted,
        "gap_ms": report.gap_ms,
        "overhead_ms": report.overhead_ms,
        "hops": dict(report.hops),
        "usage": dict(report.usage),
        "cost": report.cost,
        "why": list(report.why),
    }
