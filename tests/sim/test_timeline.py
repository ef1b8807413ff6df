"""Timelines are dense, and their times are milliseconds."""

from __future__ import annotations

from vivavoce.core.commands import Command, Flush, Tell, Why
from vivavoce.core.events import Event, Played, Tick, UserSound, UserWords
from vivavoce.core.notices import Floor, FloorChanged
from vivavoce.sim.timeline import lines, noun


def test_times_are_milliseconds() -> None:
    assert noun(Played(7, 24_000, True)) == "Played 7 samples=1000ms final"
    assert noun(UserSound(16_000, 512, 0.93)) == "UserSound start=1000ms samples=32ms p=0.93"
    assert noun(UserWords(3, "hi", False, 16_000, 32_000)) == 'UserWords segment=3 "hi" start=1000ms end=2000ms'


def test_the_floor_is_a_column_and_empty_steps_are_left_out() -> None:
    steps: list[tuple[int, Event, list[Command]]] = [
        (10, Tick(), [Tell(FloorChanged(Floor.USER), Why.SPEECH)]),
        (20, Tick(), []),
        (30, Tick(), [Flush(1, 0, Why.WORDS)]),
    ]
    rows = list(lines(steps))
    assert len(rows) == 2
    assert rows[1] == "     30  user   Tick -> Flush 1 @0s (WORDS)"
    assert len(list(lines(steps, everything=True))) == 4
