"""Providers and listeners that fail or fall silent: retry a synthesis once, else end the reply and apologise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import making
from .commands import Flush, Role, Speak, Why
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
    if reply is speaking.candidate:
        speaking.discard(Why.FAILED)
        return
    reply.failure = f"{event.code}: {event.detail}" if event.detail else event.code
    speaking.endings.fail(reply, sounding=reply is speaking.head and reply.released)
    if reply.over:
        speaking.leave(reply)
    apology = context.policy.reply.apology
    if apology and reply.origin is not Origin.APOLOGY and not reply.aside:
        speaking.say(Say(apology), Origin.APOLOGY, Why.APOLOGY)


def _retry(speaking: Speaking, reply: Reply, event: ProviderFailed) -> bool:
    part = event.part
    if event.role is not Role.TTS or part is None or part >= len(reply.ledger.parts) or part in reply.retried:
        return False
    if speaking.context.native:
        return False
    row = reply.ledger.parts[part]
    if row.samples or row.ended:
        return False
    reply.retried.add(part)
    making.expect_audio(speaking.context, reply)
    for n, again in enumerate(reply.ledger.parts[part:], start=part):
        again.attempt += 1
        speaking.context.emit(Speak(reply.id, n, again.text, Why.RETRY, again.attempt))
    return True


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
    elif what == "llm":
        failed(speaking, ProviderFailed(Role.LLM, "timeout", "the model fell silent", who))
    elif what == "tts":
        part = next((n for n, p in enumerate(reply.ledger.parts) if not p.ended), None)
        failed(speaking, ProviderFailed(Role.TTS, "timeout", "the synthesiser fell silent", who, part))
