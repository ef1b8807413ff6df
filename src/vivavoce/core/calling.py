"""Tool calls of replies: taken down when the model asks, admitted when their reply is live, run when they may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import asking, making
from .commands import Role, Why
from .events import Say, ToolApproved, ToolAsked
from .history import Called
from .notices import Origin, ToolStarted
from .reply import Reply, State
from .tools import Row
from .tools import State as ToolState

if TYPE_CHECKING:
    from .speaking import Speaking


def asked(speaking: Speaking, event: ToolAsked) -> None:
    """The model calls a tool."""
    context, reply = speaking.context, speaking.alive(event.reply)
    if reply is None or not asking.hears(context, reply, event.attempt):
        return
    row = context.tools.add(event.reply, event.call, event.name, event.arguments)
    if row is None:
        context.report(Role.TOOL, "duplicate", f"call {event.call!r} was asked for twice", Why.LATE)
        return
    reply.marks.set("llm_first_token", context.now)
    admit(speaking, reply, row.call, Why.CALLED)


def admit(speaking: Speaking, reply: Reply, call: str, why: Why) -> None:
    """Run what may run; a call of a live reply is part of the conversation, one of an aside is its asker's affair."""
    context, row = speaking.context, speaking.context.tools.rows[call]
    if reply.state is State.LIVE and not row.live:
        row.live = True
        item = context.item_id()
        if not reply.aside:
            context.history.add(Called(item, call))
            speaking.endings.awaiting[reply.id] = reply
        context.tell(ToolStarted(reply.id, call, row.name, row.arguments, item, row.needs_approval, row.spec.runs), why)
        if row.settled:
            speaking.endings.tool_settled(row)
    making.run_tool(context, reply, row, why)
    _fill_silence(speaking, row)


def approved(speaking: Speaking, event: ToolApproved) -> None:
    """Somebody decided about a call that waits for it; it runs also when its reply is over by now."""
    context, row = speaking.context, speaking.context.tools.rows.get(event.call)
    if row is None or row.state is not ToolState.WAITING or not row.live or not row.needs_approval:
        return
    if not event.ok:
        reason = f": {event.reason}" if event.reason else ""
        speaking.endings.tool_done(row.call, f"not allowed{reason}", ok=False)
        return
    row.approved = True
    making.start_tool(context, row, Why.APPROVED)
    _fill_silence(speaking, row)


def _fill_silence(speaking: Speaking, row: Row) -> None:
    """Should it take long, something is said meanwhile."""
    if row.live and row.state is ToolState.RUNNING and row.spec.filler:
        after = speaking.context.policy.reply.filler_after_ms
        speaking.context.set_timer("filler", row.reply, speaking.context.now + after)


def filler_due(speaking: Speaking, who: int) -> None:
    """A tool takes long. Nothing is said when the model said something itself, or while something is being said."""
    reply = speaking.replies.get(who)
    running = [row for row in speaking.context.tools.of(who) if row.state is ToolState.RUNNING and row.spec.filler]
    if reply is None or reply.state not in (State.LIVE, State.DONE) or reply.text.strip() or not running:
        return
    if any(other is not reply for other in speaking.line):
        return
    speaking.say(Say(running[0].spec.filler), Origin.FILLER, Why.TOOL_SLOW)
