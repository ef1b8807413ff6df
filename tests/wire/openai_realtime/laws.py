"""What must hold of a pair when nothing goes on any more, and when the call is over."""

from __future__ import annotations

from typing import Any

from vivavoce.core.commands import Call, Message, Result

from .pair import Pair


def at_rest(pair: Pair) -> None:
    state = pair.server._state
    assert not state.line, [r.id for r in state.line]
    assert not state.asides
    assert not state.truncating
    assert not state.awaiting
    assert not state.turns
    same_history(pair)
    small(pair)


def at_end(pair: Pair) -> None:
    state = pair.server._state
    assert not state.line
    assert not state.asides
    assert not state.turns
    assert not state.truncating
    same_history(pair)
    small(pair)


def small(pair: Pair) -> None:
    """Nothing is kept of what is over."""
    state = pair.server._state
    assert not state._effects
    assert not pair.server._mcp._running
    assert len(state.by_reply) <= len(pair.order.replies.all)
    for response in state.by_reply.values():
        assert response.closed
        assert not response._output
        assert not response.calls
        assert response._later is None
        assert response.part is None or not response.part.audio


def same_history(pair: Pair) -> None:
    """The conversation remembers what the items say, in the same order."""
    theirs = {item.id: text_of(item) for item in pair.conversation.history()}
    entries = [entry for entry in pair.server._state.items.entries if entry.known]
    ours = {entry.id: words(entry.item) for entry in entries if entry.item["type"] != "mcp_call"}
    both = [item for item in ours if item in theirs]
    assert both == [item for item in theirs if item in ours], "order"
    for item in both:
        assert ours[item] == theirs[item], item
    lost = {item: text for item, text in ours.items() if text and item not in theirs}
    assert not lost, "items that the conversation does not know"
    unseen = {item: text for item, text in theirs.items() if item not in ours and not item.endswith("_r")}
    known = {entry.id for entry in pair.server._state.items.entries}
    assert not {item for item in unseen if item not in known}, "items that no client was told of"


def text_of(item: Message | Call | Result) -> str:
    match item:
        case Message(text=text):
            return text.strip()
        case Call():
            return item.arguments or "{}"
        case Result():
            return item.output


def words(item: dict[str, Any]) -> str:
    match item["type"]:
        case "message":
            return " ".join(filter(None, ((p.get("text") or p.get("transcript") or "").strip() for p in item["content"])))
        case "function_call":
            return item["arguments"]
        case _:
            return str(item.get("output") or "")
