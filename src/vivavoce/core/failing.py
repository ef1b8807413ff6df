"""Providers and listeners that fail or fall silent: retry a synthesis once, else end the reply and apologise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import asking, making
from .commands import Flush, Role, Speak, Why
from .duet import Duet
from .events import ProviderFailed, Say
from .notices import Origin
from .reply import Reply

if TYPE_CHECKING:
    from .speaking import Speaking


def failed(speaking: Speaking, event: ProviderFailed) -> None:
    """A provider failed: retry a synthesis once, else end the reply with what exists and apologise."""
    context = speaking.context
    context.report(event.role, event.code, event.detail, Why.FAILED)
    reply = speaking.alive(event.reply) if event.reply is not None else None
    if reply is None or _retry(speaking, reply, event):
        return
    if event.role is Role.LLM and asking.failed(context, reply, event.attempt):
        return
    give_up(speaking, reply, event)


def give_up(speaking: Speaking, reply: Reply, event: ProviderFailed) -> None:
    """End the reply with what exists of it, and apologise."""
    context = speaking.context
    if reply is speaking.candidate:
        speaking.discard(Why.FAILED)
        return
    reply.failure = f"{event.code}: {event.detail}" if event.detail else event.code
    speaking.endings.fail(reply, sounding=reply is speaking.head and reply.released and not reply.held)
    if reply.over:
        speaking.leave(reply)
    if context.duet is not None:
        _say_who_is_gone(speaking, context.duet, reply)
        return
    apology = context.policy.reply.apology
    if apology and reply.origin is not Origin.APOLOGY and not reply.aside:
        speaking.say(Say(apology), Origin.APOLOGY, Why.APOLOGY)


def _say_who_is_gone(speaking: Speaking, duet: Duet, reply: Reply) -> None:
    """Of two agents one cannot answer: the other one says so, once, and they end."""
    if not duet.stopping:
        duet.stopping = "failed"
        gone = f"I am afraid that {reply.speaker} cannot answer any more. Let us stop here."
        speaking.say(Say(gone), Origin.APOLOGY, Why.APOLOGY, duet.other(reply.speaker))


def _retry(speaking: Speaking, reply: Reply, event: ProviderFailed) -> bool:
    part = event.part
    if event.role is not Role.TTS or part is None or part >= len(reply.ledger.parts):
        return False
    context, row = speaking.context, reply.ledger.parts[part]
    engines, tried = context.ttss, reply.retried.get(part, 0)
    engines.failed(row.engine, context.now)
    if context.native or row.samples or row.ended or tried >= max(1, engines.count - 1):
        return False
    reply.retried[part] = tried + 1
    making.expect_audio(context, reply)
    engine = engines.best(context.now, context.policy.engines.rest_ms)
    why = Why.RETRY if engine == row.engine else Why.NEXT_ENGINE
    for n, again in enumerate(reply.ledger.parts[part:], start=part):
        again.attempt, again.engine = again.attempt + 1, engine
        context.emit(Speak(reply.id, n, again.text, why, again.attempt, engine, reply.speaker))
    return True


def _fell_silent(speaking: Speaking, reply: Reply) -> None:
    """A language model owes more of an answer."""
    silence = ProviderFailed(Role.LLM, "timeout", "the model fell silent", reply.id)
    speaking.context.report(silence.role, silence.code, silence.detail, Why.FAILED)
    if not asking.silent(speaking.context, reply):
        give_up(speaking, reply, silence)


def _too_late(speaking: Speaking, reply: Reply) -> None:
    """There is no sound of it after all this time."""
    role = Role.TTS if reply.text.strip() else Role.LLM
    late = ProviderFailed(role, "dead_air", "nothing could be heard of the answer in time", reply.id)
    speaking.context.report(role, late.code, late.detail, Why.DEAD_AIR)
    give_up(speaking, reply, late)


def due(speaking: Speaking, what: str, who: int) -> None:
    """A deadline of a reply has passed."""
    context, reply = speaking.context, speaking.replies.get(who)
    if reply is None:
        return
    if what == "flush":
        context.report(Role.TRANSPORT, "no_position", f"reply {who} never said where it stopped", Why.TIMEOUT)
        if reply.stop_at is not None:
            # It never got there, so that what comes after it is not kept waiting.
            context.emit(Flush(who, reply.played, Why.TIMEOUT))
        speaking.endings.settled(reply)
        speaking.leave(reply)
    elif what == "playout":
        context.report(Role.TRANSPORT, "stalled", f"reply {who} is no longer being played", Why.TIMEOUT)
        speaking.endings.cut(reply, Why.TIMEOUT)
        speaking.leave(reply)
    elif what == "hedge":
        asking.hedge(context, reply)
    elif what == "dead_air":
        if speaking.alive(who) is not None:
            _too_late(speaking, reply)
    elif what == "llm":
        _fell_silent(speaking, reply)
    elif what == "tts":
        part = next((n for n, p in enumerate(reply.ledger.parts) if not p.ended), None)
        failed(speaking, ProviderFailed(Role.TTS, "timeout", "the synthesiser fell silent", who, part))
