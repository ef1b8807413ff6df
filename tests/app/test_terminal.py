"""A call as a person reads it."""

from __future__ import annotations

import io

import numpy as np
from rich.console import Console

from vivavoce.app.terminal import Terminal, bar
from vivavoce.core.commands import Duck, Flush, Report, Role, Tell, Why
from vivavoce.core.conversation import Conversation
from vivavoce.core.events import Tick
from vivavoce.core.notices import (
    Ending,
    Floor,
    FloorChanged,
    Notice,
    Origin,
    ReplyClosed,
    TurnReport,
    UserSaid,
    UserTurned,
)

REPORT = TurnReport(
    1, 2, Origin.TURN, "hi", "Hello there.", "Hello", True, True, 300, 4,
    (("vad_off", 100), ("turn_decided", 300), ("llm_request", -120), ("first_audible", 20)), (), 0.0, ("SILENCE",),
)  # fmt: skip


def printed(*notices: Notice, live: bool = False) -> str:
    out = io.StringIO()
    terminal = Terminal(Console(file=out, width=120, force_terminal=live, color_system=None), live)
    terminal.opened(Conversation(), "viva")
    terminal.heard(0, np.full(320, 8_000, dtype=np.int16))
    terminal.played(0, np.full(480, 800, dtype=np.int16))
    for notice in notices:
        terminal.handled(1_500, Tick(), [Tell(notice, Why.SPEECH)])
    terminal.close()
    return out.getvalue()


def test_words_of_both_sides_with_their_time() -> None:
    text = printed(
        UserTurned(1, "i", "what time is it", 0, 1), ReplyClosed(2, Ending.DONE, "It is noon.", "It is noon.", True, 9)
    )
    assert "1.50 you    what time is it" in text
    assert "1.50 agent  It is noon." in text


def test_what_was_not_heard_is_marked() -> None:
    cut = ReplyClosed(2, Ending.CUT, "Hello there.", "Hello", True, 9)
    assert "agent  Hello [not heard: there.]" in printed(cut)


def test_the_waterfall_follows_the_exchange() -> None:
    lines = printed(REPORT).splitlines()
    assert "gap 300 ms, own overhead 4 ms, interrupted" in lines[0]
    assert [line.split(" ms")[0].split()[-1] for line in lines[1:]] == ["+100", "+300", "-120", "+20"]
    assert "░" in lines[3]


def test_what_the_engine_does_and_what_fails_is_said_with_its_reason() -> None:
    out = io.StringIO()
    terminal = Terminal(Console(file=out, width=120, color_system=None))
    commands = [
        Duck(1, -9.0, Why.SOUND_OVER_AGENT),
        Flush(1, 500, Why.WORDS),
        Report(Role.TTS, "died", "gone", Why.FAILED),
    ]
    terminal.handled(2_000, Tick(), commands)
    text = out.getvalue()
    assert "agent lowers its voice: sound over the agent's voice" in text
    assert "agent stops: words over the agent's voice" in text
    assert "tts: died: gone" in text


def test_a_live_status_shows_levels_floor_and_partial_words() -> None:
    text = printed(FloorChanged(Floor.USER), UserSaid(1, "what ti", False), live=True)
    assert "▮" in text
    assert "you speak" in text
    assert "what ti" in text


def test_the_meter_spans_sixty_decibels() -> None:
    assert (bar(0.0), bar(-30.0), bar(-90.0)) == ("▮" * 8, "▮▮▮▮▯▯▯▯", "▯" * 8)
