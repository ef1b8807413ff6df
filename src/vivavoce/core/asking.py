"""Whom to ask for a reply, and whom to hear: language models that stand in for each other, or race."""

from __future__ import annotations

from dataclasses import replace

from .commands import Cancel, Why
from .context import Context
from .reply import Reply


def ask(context: Context, reply: Reply, why: Why) -> bool:
    """Ask the best model that was not asked yet; False when all were."""
    assert reply.asked is not None
    p, attempt = context.policy.engines, len(reply.tried)
    engine = context.llms.next(reply.tried, context.now, p.rest_ms)
    if engine is None:
        return False
    reply.tried.add(engine)
    reply.running[attempt] = (engine, context.now)
    patience = context.policy.reply.llm_timeout_ms
    if len(reply.tried) < context.llms.count:
        patience = min(patience, p.first_token_ms)
        if p.hedge and not attempt:
            usual = context.llms.p95(engine)
            after = p.hedge_first_ms if usual is None else max(p.hedge_least_ms, usual)
            context.set_timer("hedge", reply.id, context.now + after)
    context.set_timer("llm", reply.id, context.now + patience)
    context.emit(replace(reply.asked, why=why, engine=engine, attempt=attempt))
    return True


def hears(context: Context, reply: Reply, attempt: int) -> bool:
    """Is this the attempt that answers? The first to answer is, and the others are called off."""
    if reply.attempt is None and attempt in reply.running:
        engine, since = reply.running[attempt]
        reply.attempt = attempt
        context.llms.answered(engine, context.now - since)
        context.clear_timer("hedge", reply.id)
        for other in [n for n in reply.running if n != attempt]:
            call_off(context, reply, other, Why.FASTER)
    return attempt == reply.attempt


def call_off(context: Context, reply: Reply, attempt: int, why: Why) -> None:
    """Nobody listens to this attempt any more."""
    del reply.running[attempt]
    context.emit(Cancel(reply.id, why, attempt))


def hedge(context: Context, reply: Reply) -> None:
    """The model is slower than usual: ask another one beside it."""
    if reply.attempt is None and reply.running:
        ask(context, reply, Why.HEDGE)


def failed(context: Context, reply: Reply, attempt: int) -> bool:
    """An attempt failed; True when that ends nothing, as it counts no more, or another one runs or was asked."""
    if attempt not in reply.running:
        return reply.attempt != attempt
    engine, _ = reply.running.pop(attempt)
    context.llms.failed(engine, context.now)
    if reply.attempt is not None:
        return False
    return bool(reply.running) or ask(context, reply, Why.NEXT_ENGINE)


def silent(context: Context, reply: Reply) -> bool:
    """The model gave nothing for too long; True when another one was asked."""
    for attempt in list(reply.running):
        engine, _ = reply.running[attempt]
        context.llms.failed(engine, context.now)
        call_off(context, reply, attempt, Why.TIMEOUT)
    return reply.attempt is None and reply.asked is not None and ask(context, reply, Why.NEXT_ENGINE)
