"""Words count once their last sample was played."""

import pytest

from vivavoce.core.events import WordEnd
from vivavoce.sim.played import words_played

PARTS = [("It is", 100, [WordEnd(2, 40), WordEnd(5, 100)]), (" noon.", 60, [WordEnd(6, 60)])]


HEARD = [(0, ""), (39, ""), (40, "It"), (99, "It"), (100, "It is"), (159, "It is"), (160, "It is noon.")]


@pytest.mark.parametrize(("played", "words"), HEARD)
def test_words_end_with_their_last_sample(played: int, words: str) -> None:
    assert words_played(PARTS, played) == words


def test_what_has_no_sound_was_not_heard() -> None:
    assert words_played([("It is", 0, []), (" noon.", 60, [])], 60) == ""
