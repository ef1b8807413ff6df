"""What is written down of a call's events."""

from vivavoce.core.commands import Flush, Hold, Tell, Why
from vivavoce.core.events import Played, ReplyAudio, Tick
from vivavoce.core.notices import UserTurned
from vivavoce.sim.score.dialogue import Voice
from vivavoce.sim.score.follow import Follow, distance

MS = 24


def test_word_edit_distance() -> None:
    assert distance("a b c".split(), "a b c".split()) == 0
    assert distance("a b".split(), "a b c".split()) == 1
    assert distance("a x c".split(), "a b c".split()) == 1
    assert distance([], "a b".split()) == 2


def test_a_voice_begins_where_its_silence_ends() -> None:
    follow = Follow()
    follow.step(900, ReplyAudio(1, 0, 400 * MS, lead=60 * MS), ())
    for n in range(1, 11):
        follow.step(1_000 + 20 * n, Played(1, 20 * n * MS), ())
    follow.step(1_500, Played(1, 220 * MS), ())
    assert [(v.start, v.end) for v in follow.dialogue(()).voices] == [(1_080, 1_200), (1_500, 1_500)]


def test_a_voice_that_ends_with_a_pause_or_a_stop_was_cut() -> None:
    for command in (Flush(1, 480, Why.WORDS), Hold(1, Why.SPEECH_OVER_AGENT)):
        follow = Follow()
        follow.step(1_000, Played(1, 20 * MS), ())
        follow.step(1_020, Played(1, 40 * MS), (command,))
        assert follow.dialogue(()).voices == (Voice(1_000, 1_020, cut=True),)


def test_stopping_what_had_not_begun_cuts_nothing() -> None:
    follow = Follow()
    follow.step(1_000, Played(1, 20 * MS), (Flush(2, 0, Why.WORDS),))
    assert follow.dialogue(()).voices == (Voice(1_000, 1_000),)


def test_when_turns_were_decided_to_be_over() -> None:
    follow = Follow()
    follow.step(700, Tick(), (Tell(UserTurned(1, "item_1", "yes", 0, 9_600), Why.SILENCE),))
    assert follow.dialogue(()).ends == (700,)
