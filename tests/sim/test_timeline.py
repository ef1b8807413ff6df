"""Timelines are dense, and their times are milliseconds."""

from __future__ import annotations

from vivavoce.core.commands import Duck, Flush, Generate, Message, Tell, Why
from vivavoce.core.events import Played, Tick, UserSound
from vivavoce.core.notices import Floor, FloorChanged, UserSaid
from vivavoce.sim.timeline import command, lines, noun


def test_times_are_milliseconds() -> None:
    assert noun(Played(7, 24_000)) == "Played 7 samples=1000ms not-final"
    assert noun(UserSound(16_000, 512, 0.93)).startswith("UserSound start@1000ms  p=0.93")
    assert command(Flush(7, 33_600, Why.WORDS)) == "Flush 7 samples=1400ms (WORDS)"


def test_the_reason_is_told() -> None:
    assert command(Duck(7, -9.0, Why.SOUND_OVER_AGENT)) == "Duck 7 db=-9.00 (SOUND_OVER_AGENT)"
    assert command(Tell(UserSaid(1, "hi", False), Why.WORDS)) == "tell UserSaid 1 'hi' not-final (WORDS)"


def test_a_request_shows_what_it_answers() -> None:
    asked = Generate(3, (Message("1", "user", "what time is it"),), True, Why.EARLY_WORDS)
    assert command(asked) == "Generate early 3 of 1 items, last 'what time is it' (EARLY_WORDS)"


def test_the_floor_is_a_column_and_empty_steps_are_left_out() -> None:
    steps = [
        (10, Tick(), [Tell(FloorChanged(Floor.USER), Why.SPEECH)]),
        (20, Tick(), []),
        (30, Tick(), [Flush(1, 0, Why.WORDS)]),
    ]
    rows = list(lines(steps))
    assert len(rows) == 2
    assert rows[1].split()[:2] == ["30", "user"]
    assert len(list(lines(steps, everything=True))) == 4
