"""The invariants notice what they are for."""

from __future__ import annotations

import pytest

from vivavoce.core.commands import Call, Flush, Message, Release, Result, RunTool, Speak, Tell, Why
from vivavoce.core.notices import Ending, Origin, ReplyClosed, ReplyOpened, ToolSettled, UserStarted, UserTurned
from vivavoce.sim.checks import Checks, Violation, legal
from vivavoce.sim.world import World


@pytest.fixture
def checks() -> Checks:
    return World(1).checks


def tell(checks: Checks, *notices: object) -> None:
    for notice in notices:
        checks._tell(Tell(notice, Why.ENDED))  # type: ignore[arg-type]


def violates(name: str) -> object:
    return pytest.raises(Violation, match=name)


def test_a_reply_that_was_never_opened_must_not_sound(checks: Checks) -> None:
    with violates("never audible"):
        checks._release(Release(4, Why.FIRST_AUDIO))


def test_nothing_follows_a_flush(checks: Checks) -> None:
    tell(checks, ReplyOpened(4, Origin.TURN, "item_1"))
    checks._flush(Flush(4, 100, Why.WORDS))
    for command, check in (
        (Release(4, Why.FIRST_AUDIO), checks._release),
        (Speak(4, 0, "x", Why.CLAUSE), checks._speak),
    ):
        with violates("after a flush"):
            check(command)  # type: ignore[arg-type, operator]


def test_a_reply_opens_and_closes_once(checks: Checks) -> None:
    opened = ReplyOpened(4, Origin.TURN, "item_1")
    tell(checks, opened)
    with violates("opens once"):
        tell(checks, opened)
    with violates("only an opened reply"):
        tell(checks, ReplyClosed(5, Ending.DONE, "", "", True, 0))


def test_a_turn_ends_once(checks: Checks) -> None:
    turned = UserTurned(1, "item_1", "hello", 0, 100)
    tell(checks, UserStarted(1, 0, "item_1"), turned)
    with violates("ends once"):
        tell(checks, turned)


def test_a_tool_settles_once(checks: Checks) -> None:
    with violates("settles once"):
        tell(checks, ToolSettled("call_1", "book", "ok", True))


def test_a_writing_tool_of_a_speculative_reply_is_noticed(checks: Checks) -> None:
    world = checks.world
    world._begin()
    with violates("never runs a writing tool"):
        checks._run_tool(RunTool(9, "call_9", "book", "{}", Why.CALLED))


@pytest.mark.parametrize(
    "items",
    [
        (Call("1", "c", "f", "{}"),),
        (Result("1", "c", "x"),),
        (Call("1", "c", "f", "{}"), Message("2", "user", "hi"), Result("3", "c", "x")),
        (Message("1", "user", "a"), Message("1", "user", "b")),
        (Message("1", "user", ""),),
    ],
)
def test_illegal_histories_are_noticed(items: tuple[object, ...]) -> None:
    with pytest.raises(Violation):
        legal(items)  # type: ignore[arg-type]


def test_a_legal_history_passes() -> None:
    legal((Message("1", "user", "a"), Call("2", "c", "f", "{}"), Result("3", "c", "x"), Message("4", "agent", "b")))
