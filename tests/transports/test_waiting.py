"""Whether anything is going on is derived from the notices."""

from __future__ import annotations

from vivavoce.core.notices import (
    Ending,
    Floor,
    FloorChanged,
    Notice,
    Origin,
    ReplyAudible,
    ReplyClosed,
    ReplyOpened,
    ToolSettled,
    ToolStarted,
    UserDropped,
    UserStarted,
    UserTurned,
)
from vivavoce.transports.waiting import Waiting


def after(*notices: Notice) -> Waiting:
    waiting = Waiting()
    for n, notice in enumerate(notices):
        waiting.observe(100 * n, notice)
    return waiting


CLOSED = ReplyClosed(1, Ending.DONE, "x", "x", True, 10)


def test_a_turn_a_reply_or_a_tool_is_something_going_on() -> None:
    assert not after().busy
    assert after(UserStarted(1, 0, "item_1")).busy
    assert after(ReplyOpened(1, Origin.TURN, "i")).busy
    assert after(ToolStarted(1, "c", "f", "{}")).busy
    assert after(FloorChanged(Floor.USER)).busy


def test_everything_that_begins_ends() -> None:
    assert not after(UserStarted(1, 0, "item_1"), UserDropped(1, "")).busy
    assert not after(UserStarted(1, 0, "item_1"), UserTurned(1, "i", "x", 0, 1)).busy
    assert not after(ReplyOpened(1, Origin.TURN, "i"), CLOSED).busy
    assert not after(ToolStarted(1, "c", "f", "{}"), ToolSettled("c", "f", "x", True)).busy


def test_quiet_counts_from_the_last_notice() -> None:
    waiting = after(ReplyOpened(1, Origin.TURN, "i"), ReplyAudible(1), CLOSED)
    assert not waiting.quiet_for(700, 600)
    assert waiting.quiet_for(800, 600)


def test_audible_until_closed() -> None:
    assert after(ReplyOpened(1, Origin.TURN, "i"), ReplyAudible(1)).audible_ms == 100
    assert after(ReplyOpened(1, Origin.TURN, "i"), ReplyAudible(1), CLOSED).audible_ms is None
