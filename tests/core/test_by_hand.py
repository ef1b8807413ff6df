"""Turns that a hand, a keyboard or a remote engine ends, as scripts."""

import pytest
from script import Script, telling

from vivavoce.core import by_hand
from vivavoce.core.commands import Message
from vivavoce.core.events import (
    CallEnded,
    InputCleared,
    ItemCreated,
    ItemDeleted,
    RemoteTurn,
    RemoteTurned,
    ReplyAsked,
    Say,
    StopAsked,
    TextTurn,
    TurnCommitted,
    UserWords,
)
from vivavoce.core.notices import ReplyOpened, ReplyRefused, UserTurned

# -- turns that the caller's hand decides ------------------------------------------------------------------------------


def manual(**known):
    return Script({"turns": "manual"}, **known)


def test_push_to_talk_ends_a_turn_without_any_silence():
    c = manual()
    c.hears("what time is it")
    c.silence(3000)
    c.never("started", "turned", "Generate")
    c.post(TurnCommitted())
    c.silence(100)
    c.saw(
        "started 1 COMMITTED", "FinishWords 1 COMMITTED", "turned 1 'what time is it' COMMITTED", "Generate 1 COMMITTED"
    )


def test_what_the_recogniser_had_finished_before_the_commit_is_part_of_the_turn():
    c = manual()
    c.hears("what time is it")
    c.finishes_words(c.at)
    c.hears("in paris")
    c.silence(300)
    c.post(TurnCommitted())
    c.silence(100)
    c.saw("turned 1 'what time is it in paris' COMMITTED")


def test_partial_words_before_the_commit_count_when_no_final_ones_come():
    c = manual(stt_ms=None)
    c.hears("what time is it")
    c.post(TurnCommitted())
    c.silence(1200)
    c.saw("Report stt timeout", "turned 1 'what time is it' WORDS_LATE")


def test_a_commit_may_only_record():
    c = manual()
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False))
    c.silence(300)
    c.saw("turned 1 'what time is it' COMMITTED")
    c.never("Generate")
    c.post(ReplyAsked())
    assert c.request() == ["user: what time is it"]


def test_an_answer_asked_for_right_after_the_commit_waits_for_the_words():
    c = manual()
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False))
    c.post(ReplyAsked(instructions="be brief"))
    c.never("Generate")
    c.silence(200)
    c.saw("turned 1 'what time is it'", "opened 1 asked", "Generate 1 ASKED")
    assert c.request() == ["user: what time is it"]


@pytest.mark.parametrize(
    ("event", "why"), [(TurnCommitted(answer=False, item="mine"), "COMMITTED"), (InputCleared(), "CLEARED")]
)
def test_an_agent_that_was_paused_for_a_turn_goes_on_when_a_hand_ends_it(event, why):
    c = telling()
    c.coughs(700)
    c.saw("Hold 1")
    c.post(event)
    c.saw(f"Resume 1 {why}")
    c.plays(8)
    c.saw("closed 1 done")


def test_committing_twice_is_committing_once():
    c = manual()
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False))
    c.post(TurnCommitted())
    c.silence(300)
    c.saw("turned 1 'what time is it'", "Generate 1")
    assert sum(line.startswith(("FinishWords", "Generate")) for line in c.lines) == 2


def test_a_commit_of_nothing_is_dropped():
    c = manual()
    c.post(TurnCommitted())
    assert not c.lines
    c.silence(500)
    c.post(TurnCommitted())
    c.silence(200)
    c.saw("started 1", "dropped 1 '' NO_WORDS")


def test_a_second_turn_has_only_its_own_words():
    c = manual()
    for n, text in ((1, "what time is it"), (2, "and in paris")):
        c.hears(text)
        c.post(TurnCommitted())
        c.silence(100)
        c.saw(f"turned {n} {text!r}")
        c.answers("It is noon.")
        c.plays(1.0)
    assert [line for line in c.history if line.startswith("user")] == ["user: what time is it", "user: and in paris"]


def test_what_was_said_before_clearing_is_forgotten():
    c = manual()
    c.hears("never mind the time")
    c.silence(100)
    c.post(InputCleared())
    c.silence(100)
    c.hears("what time is it")
    c.post(TurnCommitted())
    c.silence(100)
    c.saw("turned 1 'what time is it'")


def test_clearing_where_there_is_no_recogniser():
    c = Script(has_stt=False)
    c.coughs(600)
    c.post(InputCleared())
    c.silence(1000)
    c.saw("dropped 1 '' CLEARED")
    c.never("FinishWords", "turned")


def test_clearing_in_the_middle_of_a_turn_drops_it_and_its_words_do_not_come_back():
    c = Script()
    c.hears("never mind the time")
    c.silence(220)
    c.post(InputCleared())
    c.saw("FinishWords", "Cancel 1 CLEARED", "dropped 1 'never mind the time' CLEARED")
    c.silence(2000)
    c.never("started 2", "turned")
    c.asks("what time is it")
    c.saw("turned 2 'what time is it'")


# -- typed turns -------------------------------------------------------------------------------------------------------


def test_a_typed_turn_is_answered_at_once():
    c = Script()
    c.post(TextTurn("What time is it?"))
    c.saw("turned 1 'What time is it?' TYPED", "opened 1 turn TYPED", "Generate 1 TYPED")
    assert c.request() == ["user: What time is it?"]


def test_a_typed_turn_may_only_be_recorded():
    c = Script()
    c.post(TextTurn("My name is Ada.", answer=False))
    c.saw("turned 1 'My name is Ada.' TYPED")
    c.never("Generate")
    assert c.history == ["user: My name is Ada."]


def test_a_typed_turn_takes_the_floor_from_the_agent():
    c = Script()
    c.post(TextTurn("Tell me a story."))
    c.answers("Once upon a time.")
    c.plays(0.5)
    c.post(TextTurn("Stop."))
    c.silence(100)
    c.saw("Flush 1 @500 TYPED", "Cancel 1", "turned 2", "closed 1 cut 'Once'", "opened 2 turn")


def test_a_typed_turn_while_the_caller_speaks_stands_beside_the_spoken_one():
    c = Script()
    c.hears("what time is it")
    c.post(TextTurn("In Paris, please."))
    c.silence(600)
    assert c.history == ["user: In Paris, please.", "user: what time is it"]
    c.answers("It is noon.")
    c.plays(1.0)
    c.rests()


# -- turns that a remote engine decides --------------------------------------------------------------------------------


def remote(**known):
    return Script({"turns": "remote"}, **known)


def test_a_remote_engine_says_when_the_caller_speaks():
    c = remote()
    c.post(RemoteTurned(RemoteTurn.STARTED, 1600))
    c.hears("what time is it")
    c.post(RemoteTurned(RemoteTurn.STOPPED, 16_000))
    c.post(RemoteTurned(RemoteTurn.COMMITTED, 16_000))
    c.saw("started 1 REMOTE", "stopped 1 REMOTE", "turned 1 'what time is it' REMOTE")
    c.never("Generate", "FinishWords")
    c.post(RemoteTurned(RemoteTurn.STARTED, 20_000))
    c.post(RemoteTurned(RemoteTurn.STARTED, 20_000))
    c.saw("started 2")
    c.never("started 3")
    assert (c.find(UserTurned)[0].start, c.find(UserTurned)[0].end) == (1600, 16_000)


def test_its_transcript_may_come_after_the_turn():
    c = remote(has_stt=False)
    c.post(RemoteTurned(RemoteTurn.STARTED, 0))
    c.post(RemoteTurned(RemoteTurn.COMMITTED, 16_000))
    c.saw("turned 1 ''")
    assert c.history == []
    c.post(UserWords(1, "what time is it", True, 0, 16_000))
    assert c.history == ["user: what time is it"]


@pytest.mark.parametrize("start", [8_000, 16_000, 20_000])
def test_its_transcript_belongs_to_its_last_turn_wherever_it_says_the_words_were(start):
    c = remote(has_stt=False)
    c.post(RemoteTurned(RemoteTurn.STARTED, 0))
    c.post(RemoteTurned(RemoteTurn.COMMITTED, 16_000))
    c.post(UserWords(1, "what time is it", True, start, start))
    assert c.history == ["user: what time is it"]
    c.never("started 2")


def test_a_transcript_before_any_turn_waits_for_one():
    c = remote(has_stt=False)
    c.post(UserWords(1, "what time", True, 0, 16_000))
    c.post(RemoteTurned(RemoteTurn.STARTED, 0))
    c.post(RemoteTurned(RemoteTurn.COMMITTED, 20_000))
    c.saw("started 1 REMOTE", "turned 1 'what time' REMOTE")


def test_its_turns_stop_the_agent():
    c = remote()
    c.post(Say("This call is recorded."))
    c.tts()
    c.plays(0.5)
    c.post(RemoteTurned(RemoteTurn.STARTED, c.at))
    c.silence(50)
    c.saw("Flush 1 @500 REMOTE", "started 1 REMOTE", "closed 1 cut 'This'")


def test_local_sound_decides_nothing_there():
    c = remote()
    c.hears("what time is it")
    c.silence(2000)
    c.never("started", "turned", "Generate", "stopped")


def test_only_where_it_is_to_decide():
    c = Script()
    c.post(RemoteTurned(RemoteTurn.STARTED, 0))
    c.post(RemoteTurned(RemoteTurn.COMMITTED, 0))
    assert not c.lines


def test_ends_without_a_beginning_are_ignored():
    c = remote()
    c.post(RemoteTurned(RemoteTurn.STOPPED, 100))
    c.post(RemoteTurned(RemoteTurn.COMMITTED, 100))
    assert not c.lines


def test_a_commit_that_somebody_was_told_of_is_kept_without_words():
    c = Script({"turns": "manual"})
    c.silence(300)
    c.post(TurnCommitted(answer=False, item="theirs"))
    c.wait(200)
    c.saw("turned 1 ''")
    assert c.find(UserTurned)[-1].item == "theirs"
    assert c.history == []
    c.post(ReplyAsked(ref="x"))
    c.saw("opened 1 asked")


def test_an_answer_that_waits_for_words_can_be_called_off_by_its_name():
    c = Script({"turns": "manual"})
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False, item="theirs"))
    c.post(ReplyAsked(ref="x"))
    c.post(ReplyAsked(ref="y"))
    c.post(StopAsked(ref="x"))
    c.wait(300)
    c.saw("turned 1 'what time is it'", "opened 1 asked")
    assert [o.ref for o in c.find(ReplyOpened)] == ["y"]


# -- turns committed by name -------------------------------------------------------------------------------------------


def test_a_turn_committed_by_name_has_its_place_before_its_words_are_known():
    c = manual()
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False, item="first"))
    c.post(ItemCreated(Message("second", "user", "and quickly")))
    c.post(ItemCreated(Message("between", "system", "be brief"), after="first"))
    c.silence(300)
    assert c.history == ["user: what time is it", "system: be brief", "user: and quickly"]
    c.never("Report")


def test_a_turn_that_is_deleted_before_its_words_are_known_does_not_come_back():
    c = manual()
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False, item="first"))
    c.post(ItemDeleted("first"))
    c.silence(300)
    c.saw("turned 1 'what time is it'")
    assert c.history == []


def test_two_turns_committed_in_a_row_have_their_own_words():
    c = manual(stt_ms=None)
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False, item="first"))
    first = c.at
    c.hears("and in paris")
    c.post(TurnCommitted(answer=False, item="second"))
    c.post(ReplyAsked())
    c.post(UserWords(1, "what time is it", True, 0, first))
    c.silence(100)
    c.saw("turned 1 'what time is it'")
    c.never("turned 2", "Generate")
    c.post(UserWords(2, "and in paris", True, first, c.at))
    c.silence(100)
    c.saw("turned 2 'and in paris'", "Generate 1 ASKED")
    assert c.request() == ["user: what time is it", "user: and in paris"]


def test_clearing_after_a_commit_does_not_take_the_committed_turn_with_it():
    c = manual()
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False, item="first"))
    c.post(InputCleared())
    c.silence(300)
    c.saw("turned 1 'what time is it'")
    c.never("dropped")
    assert c.history == ["user: what time is it"]


def test_a_turn_committed_by_name_is_kept_when_the_call_ends_first():
    c = manual(stt_ms=None)
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False, item="first"))
    c.hears("and in paris")
    c.post(TurnCommitted(answer=False, item="second"))
    c.post(CallEnded())
    assert [n.item for n in c.find(UserTurned)] == ["first", "second"]


def test_answers_that_wait_for_words_are_refused_when_the_call_ends():
    c = manual(stt_ms=None)
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False, item="first"))
    c.post(ReplyAsked(ref="mine"))
    c.post(CallEnded())
    assert [(n.ref, n.code) for n in c.find(ReplyRefused)] == [("mine", "call_ended")]


def test_what_is_said_after_a_commit_by_name_is_another_turn():
    c = Script({"endpoint.answer": False}, stt_ms=None)
    c.hears("what time is it")
    c.post(TurnCommitted(answer=False, item="first"))
    first = c.at
    c.hears("and in paris")
    c.saw("started 1", "started 2")
    c.post(UserWords(1, "what time is it", True, 0, first))
    c.silence(600)
    c.post(UserWords(2, "and in paris", True, first, c.at))
    c.silence(600)
    assert c.history == ["user: what time is it", "user: and in paris"]


def test_a_commit_by_name_of_a_turn_that_is_over_already_changes_nothing():
    c = Script()
    c.asks("what time is it")
    (turned,) = c.find(UserTurned)
    c.post(TurnCommitted(answer=False, item=turned.item))
    c.silence(300)
    assert c.find(UserTurned) == [turned]
    assert not by_hand.committing(c.c.listening)
