"""A reply being made: text is cut into clauses, clauses become speech, tool calls run when they may."""

from __future__ import annotations

from .commands import Role, RunTool, Seal, Speak, Why
from .context import Context
from .events import ReplyAudio
from .heard import Part
from .notices import ReplyDelta, ReplyMade
from .reply import Reply, State
from .tools import Row
from .tools import State as ToolState


def add_text(context: Context, reply: Reply, delta: str) -> None:
    """More of the answer; clauses that are complete are sent to be spoken, also ahead of time."""
    reply.text += delta
    if reply.state is State.LIVE:
        context.tell(ReplyDelta(reply.id, delta), Why.CLAUSE)
    if context.native:
        _native_part(reply).text += delta
        return
    if not reply.spoken:
        return
    for clause in reply.clauses.push(delta, context.policy.reply):
        _speak(context, reply, clause)


def end_text(context: Context, reply: Reply, short: str = "") -> None:
    """All of the answer is there."""
    reply.text_done, reply.short = True, short
    context.clear_timer("llm", reply.id)
    if context.native and not reply.ledger.complete:
        expect_audio(context, reply)
    rest = reply.clauses.flush()
    if rest.strip():
        _speak(context, reply, rest)
    elif reply.ledger.parts and not reply.ledger.parts[-1].ended:
        reply.ledger.parts[-1].text += rest
    if not reply.text.strip() and not context.tools.of(reply.id):
        context.report(Role.LLM, "empty", "the model answered with nothing", Why.FAILED)
    _seal(context, reply)


def add_audio(context: Context, reply: Reply, event: ReplyAudio) -> bool:
    """More audio of a part; False when no such part is being made."""
    if context.native:
        _native_part(reply)
    part = reply.ledger.parts[event.part] if event.part < len(reply.ledger.parts) else None
    if part is None or part.ended or part.attempt != event.attempt:
        return False
    context.supply.arrived(context.now, reply.id, event.part, part.samples)
    if reply.audio_at is None:
        reply.audio_at = context.now
        context.clear_timer("dead_air", reply.id)
    if not part.samples:
        context.ttss.works(part.engine)
    reply.ledger.audio(event.part, event.samples, event.words, event.lead)
    reply.marks.set("tts_first_byte", context.now)
    expect_audio(context, reply)
    if context.native and not reply.text_done:
        # Its audio shows that it lives, also when it gives no transcript.
        context.set_timer("llm", reply.id, context.now + context.policy.reply.llm_timeout_ms)
    return True


def end_part(context: Context, reply: Reply, part: int) -> None:
    """A part has all its audio."""
    reply.ledger.end(part)
    if reply.ledger.complete:
        context.clear_timer("tts", reply.id)
    else:
        expect_audio(context, reply)
    _seal(context, reply)


def run_tool(context: Context, reply: Reply, row: Row, why: Why) -> None:
    """Anything may run for a live reply, only read-only tools of ours for a speculative one."""
    may = reply.state is State.LIVE or (row.spec.read_only and row.spec.runs == "here")
    if row.state is ToolState.WAITING and may and not row.needs_approval:
        start_tool(context, row, why)


def start_tool(context: Context, row: Row, why: Why) -> None:
    """From now on it runs: here within its time, or at the caller's for as long as that takes."""
    row.state = ToolState.RUNNING
    if row.spec.runs == "here":
        context.set_timer(f"tool:{row.call}", row.reply, context.now + row.spec.timeout_ms)
        context.emit(RunTool(row.reply, row.call, row.name, row.arguments, why))


def _native_part(reply: Reply) -> Part:
    if not reply.ledger.parts:
        reply.ledger.add("")
    return reply.ledger.parts[0]


def _speak(context: Context, reply: Reply, clause: str) -> None:
    part = reply.ledger.add(clause)
    engine = context.ttss.best(context.now, context.policy.engines.rest_ms)
    reply.ledger.parts[part].engine = engine
    reply.marks.set("first_speakable", context.now)
    reply.marks.set("tts_request", context.now)
    context.timers.setdefault(("tts", reply.id), context.now + context.policy.reply.tts_timeout_ms)
    context.emit(Speak(reply.id, part, clause, Why.CLAUSE, engine=engine, speaker=reply.speaker))


def expect_audio(context: Context, reply: Reply) -> None:
    """A synthesiser that owes audio has until then."""
    context.set_timer("tts", reply.id, context.now + context.policy.reply.tts_timeout_ms)


def _seal(context: Context, reply: Reply) -> None:
    if reply.complete and not reply.sealed:
        reply.sealed = True
        context.clear_timer("tts", reply.id)
        context.emit(Seal(reply.id, Why.COMPLETE, trim=bool(reply.speaker)))
        if reply.state is not State.SPECULATIVE:
            tell_made(context, reply)


def tell_made(context: Context, reply: Reply) -> None:
    """All of it exists, as far as anybody outside knows of it."""
    usage = tuple(context.meter.take(reply.id).amounts.items())
    made = ReplyMade(reply.id, reply.text.strip(), reply.ledger.samples, reply.short, usage)
    context.tell(made, Why.COMPLETE)
