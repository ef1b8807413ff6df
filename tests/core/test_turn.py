from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.events import UserWords
from vivavoce.core.turn import Turn


def words(segment, text, final=False, start=0, end=100):
    return UserWords(segment, text, final, start, end)


def test_a_segment_is_replaced_by_what_comes_later():
    turn = Turn(1, 0, 0, "item_1")
    assert turn.hear(words(1, "wha"))
    assert turn.hear(words(1, "what time"))
    assert turn.text == "what time"
    assert not turn.settled
    assert turn.hear(words(1, "what time is it", final=True))
    assert (turn.text, turn.settled) == ("what time is it", True)


def test_hearing_the_same_again_is_no_news():
    turn = Turn(1, 0, 0, "item_1")
    assert turn.hear(words(1, "yes"))
    assert not turn.hear(words(1, "yes"))


def test_an_empty_final_pays_what_is_owed():
    turn = Turn(1, 0, 0, "item_1", owed=True)
    assert not turn.settled
    assert turn.hear(words(1, "", final=True))
    assert turn.settled
    assert turn.text == ""


@given(st.permutations([(1, "what", 0), (2, "time", 100), (3, "", 150), (4, "is it", 200)]))
def test_segments_stand_in_the_order_of_the_audio_however_they_arrive(rows):
    turn = Turn(1, 0, 0, "item_1")
    for segment, text, start in rows:
        turn.hear(words(segment, text, True, start, start + 50))
    assert turn.text == "what time is it"


def test_going_on_speaking_undoes_what_the_silence_showed():
    turn = Turn(1, 0, 0, "item_1", speaking=False, harmless=True, score=0.9, scored_at=200, given_up=True)
    turn.resumed()
    assert turn.speaking
    assert (turn.harmless, turn.score, turn.scored_at, turn.given_up) == (False, None, -1, False)
