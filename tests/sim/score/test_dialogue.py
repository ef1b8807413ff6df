"""The truth of a call, asked simple questions."""

from vivavoce.sim.score.dialogue import NEVER

from .talk import sound, talk


def test_what_a_sound_is() -> None:
    turn = sound("turn", (0, 500), (900, 1_500))
    assert (turn.start, turn.end, turn.claims, list(turn.holds())) == (0, 1_500, True, [(500, 900)])
    assert not sound("aside", (0, 1)).claims


def test_who_speaks_next_and_who_speaks_now() -> None:
    first, cough, last = sound("turn", (0, 500)), sound("tic", (600, 700)), sound("interruption", (2_000, 2_500))
    call = talk([first, cough, last], "800-1900")
    assert (call.next_claim(first.end), call.next_claim(last.end)) == (2_000, NEVER)
    assert call.audible(800) == call.voices[0]
    assert call.audible(1_900) is None
