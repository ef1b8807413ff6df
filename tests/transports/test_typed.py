"""Typed turns come one after the other, each when the agent is done."""

from __future__ import annotations

import asyncio

from vivavoce.core.commands import Why
from vivavoce.core.events import Event, TextTurn
from vivavoce.core.notices import Ending, Origin, ReplyClosed, ReplyOpened
from vivavoce.runtime.clock import run
from vivavoce.transports.typed import Typed


def test_turns_wait_for_answers_and_the_line_ends_after_the_last() -> None:
    typed, posted = Typed(["one", "two"]), []

    async def call() -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()

        def post(event: Event) -> None:
            now = round((loop.time() - start) * 1000)
            posted.append((now, event))
            reply = len(posted)
            typed.observe(now, ReplyOpened(reply, Origin.TURN, "i"), Why.TYPED)
            closed = ReplyClosed(reply, Ending.DONE, "x", "x", True, 10)
            loop.call_later(2.0, typed.observe, now + 2000, closed, Why.ENDED)

        typed.attach(post)
        assert [frame async for frame in typed.frames()] == []

    run(call(), realtime=False)
    assert [event for _, event in posted] == [TextTurn("one"), TextTurn("two")]
    assert posted[1][0] - posted[0][0] >= 2_400


def test_closing_ends_it_at_once() -> None:
    async def call() -> list[object]:
        typed = Typed(["one"])
        typed.attach(lambda event: None)
        await typed.close()
        return [frame async for frame in typed.frames()]

    assert run(call(), realtime=False) == []
