"""What must hold of a pair when nothing goes on any more, and when the call is over."""

from __future__ import annotations

from typing import Any

from vivavoce.core.commands import Call, Message, Result

from .pair import Pair


def at_rest(pair: Pair) -> None:
    state = pair.server._state
    assert not pair.ended
    assert not state.line, [r.id for r in state.line]
    assert not state.asides
    assert not state.truncating
    assert not state.awaiting
    assert not state.recording
    assert not state.recognising
    assert not state.turns
    assert not state.unheard
    same_history(pair)
    small(pair)


def at_end(pair: Pair) -> None:
    state = pair.server._state
    assert not state.line
    assert not state.asides
    assert not state.turns
    assert not state.truncating
    assert not state.unheard
    small(pair)


def small(pair: Pair) -> None:
    """Nothing is kept of what is over."""
    state = pair.server._state
    assert not pair.plays or "response.output_audio.delta" not in pair.types()
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
    """The conversation remembers what the items say, in the same order but for what is being answered meanwhile."""
    theirs = {item.id: text_of(item) for item in pair.conversation.history()}
    entries = pair.server._state.items.entries
    ours = {e.id: words(e.item) for e in entries if e.known and e.item["type"] != "mcp_call"}
    # What is created while an answer is made stands before it for the client, behind it for the model.
    said = {e.id for e in entries if e.reply is not None or e.item["type"] == "function_call_output"} | pair.placed
    assert [i for i in ours if i in theirs and i not in said] == [i for i in theirs if i in ours and i not in said]
    changed = {i: (text, theirs.get(i, "")) for i, text in ours.items() if theirs.get(i, "") != text}
    assert not changed, "items that the conversation knows otherwise"
    rows = pair.conversation.context.tools.rows
    calls = [item for item in pair.conversation.history() if isinstance(item, Call) and item.call in rows]
    # A call that was not allowed is an approval request and its response for the client.
    known = {e.id for e in entries} | {call.id for call in calls if rows[call.call].spec.approval}
    unseen = {i: text for i, text in theirs.items() if i not in known and i.removesuffix("_r") not in known}
    assert not unseen, "items that no client was told of"


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
            return " ".join(
                filter(None, ((p.get("text") or p.get("transcript") or "").strip() for p in item["content"]))
            )
        case "function_call":
            return item["arguments"]
        case _:
            return str(item.get("output") or "")
