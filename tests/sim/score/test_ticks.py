"""Dialogues on a clock of 200 ms."""

from vivavoce.sim.score.ticks import on_ticks

from .talk import sound, talk


def test_every_stretch_covers_its_ticks() -> None:
    ticked = on_ticks(talk([sound("turn", (10, 390), (650, 801))], "1001-1199 1300-1700! 2500-2600"))
    assert ticked.sounds[0].spans == ((0, 400), (600, 1_000))
    assert [(v.start, v.end, v.cut) for v in ticked.voices] == [(1_000, 1_800, True), (2_400, 2_600, False)]
