"""What was heard is a pure function of the ledger and the play cursor, and never says too much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.errors import Misuse
from vivavoce.core.events import WordEnd
from vivavoce.core.heard import Ledger
from vivavoce.core.units import out_samples

CHAR = 1_440


def word_ends(text, char=CHAR):
    ends, at = [], 0
    for word in text.split():
        at = text.index(word, at) + len(word)
        ends.append(WordEnd(at, at * char))
    return tuple(ends)


def ledger(*texts, exact=True, ended=True):
    made = Ledger()
    for text in texts:
        part = made.add(text)
        made.audio(part, len(text) * CHAR, word_ends(text) if exact else (), 0)
        if ended:
            made.end(part)
    return made


def heard(made, played):
    h = made.heard(1, played)
    assert (h.reply, h.samples) == (1, played)
    return h.text, h.exact


# -- with word times ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chars", "text"),
    [(0, ""), (1, ""), (2, "It"), (4, "It"), (5, "It is"), (10, "It is"), (11, "It is noon.")],
)
def test_a_word_is_heard_once_its_last_sample_was_played(chars, text):
    made = ledger("It is noon.")
    assert heard(made, chars * CHAR) == (text, True)
    if chars and text:
        assert heard(made, chars * CHAR - 1)[0] in ("", "It", "It is")
        assert len(heard(made, 2 * CHAR - 1)[0]) == 0


def test_parts_follow_each_other():
    made = ledger("It is noon.", " Anything else?")
    first = 11 * CHAR
    assert heard(made, first) == ("It is noon.", True)
    assert heard(made, first + 9 * CHAR - 1) == ("It is noon.", True)
    assert heard(made, first + 9 * CHAR) == ("It is noon. Anything", True)
    assert heard(made, made.samples) == ("It is noon. Anything else?", True)
    assert heard(made, made.samples + 99_999) == ("It is noon. Anything else?", True)


def test_a_part_is_not_heard_whole_before_all_its_audio_exists():
    made = Ledger()
    made.add("It is noon")
    made.audio(0, 3 * CHAR, word_ends("It is noon"), 0)
    # Word times may run ahead of the audio; the cursor cannot.
    assert heard(made, 3 * CHAR) == ("It", True)
    made.audio(0, 7 * CHAR, (), 0)
    made.end(0)
    assert heard(made, 10 * CHAR) == ("It is noon", True)


def test_a_silent_part_is_passed_over():
    made = Ledger()
    made.add("Well")
    made.audio(0, 4 * CHAR, word_ends("Well"), 0)
    made.end(0)
    made.add(" ...")
    made.end(1)
    made.add(" yes")
    made.audio(2, 4 * CHAR, word_ends(" yes"), 0)
    made.end(2)
    assert heard(made, 4 * CHAR) == ("Well ...", True)
    assert heard(made, 8 * CHAR) == ("Well ... yes", True)


# -- without ----------------------------------------------------------------------------------------------------------


def test_without_word_times_text_is_apportioned_and_called_inexact():
    made = ledger("It is noon now", exact=False)
    assert heard(made, 0) == ("", True)
    assert heard(made, 5 * CHAR) == ("It is", False)
    assert heard(made, 9 * CHAR) == ("It is", False)
    assert heard(made, 14 * CHAR) == ("It is noon now", True)


def test_while_a_part_is_being_made_its_length_is_never_underestimated():
    made = Ledger()
    made.add("It is noon now")
    made.audio(0, 2 * CHAR, (), 0)
    # All that exists was played, but that is little of what will be.
    assert heard(made, 2 * CHAR) == ("", False)
    slowest = out_samples(14 * 110)
    made.audio(0, slowest, (), 0)
    assert heard(made, slowest * 5 // 14 + 1)[0] in ("", "It")


# -- order -------------------------------------------------------------------------------------------------------------


def test_audio_must_come_part_by_part():
    made = Ledger()
    made.add("one")
    made.add("two")
    with pytest.raises(Misuse, match="audio of part 1 before part 0 ended"):
        made.audio(1, 10, (), 0)
    made.end(0)
    made.audio(1, 10, (), 0)


def test_the_silence_before_the_first_audible_sample():
    made = Ledger()
    assert made.lead == 0
    made.add("one")
    made.add("two")
    made.audio(0, 100, (), 40)
    made.audio(0, 100, (), 99)
    assert made.lead == 40
    # A part of nothing but silence: the next one is the first audible.
    made = Ledger()
    made.add("...")
    made.add("one")
    made.audio(0, 50, (), 50)
    made.end(0)
    made.audio(1, 200, (), 30)
    assert made.lead == 80


# -- the sentence in progress ------------------------------------------------------------------------------------------


def test_the_end_of_the_sentence_being_spoken():
    made = ledger("It is noon.", " Now it rains. And snows")
    first, second = 11 * CHAR, (11 + 14) * CHAR
    assert made.sentence_end(0) == first
    assert made.sentence_end(first - 1) == first
    assert made.sentence_end(first) == second
    # No mark ends the last one: it ends with the audio.
    assert made.sentence_end(second) == made.samples


def test_the_end_is_unknown_while_it_is_being_made():
    made = Ledger()
    made.add("It is noon and")
    made.audio(0, 3 * CHAR, word_ends("It"), 0)
    assert made.sentence_end(0) is None
    made.add(" it rains.")
    assert made.sentence_end(0) is None


def test_nor_can_it_be_known_from_word_times_that_stop_short():
    made = Ledger()
    made.add("It is noon. And it")
    made.audio(0, 18 * CHAR, word_ends("It is"), 0)
    made.end(0)
    assert made.sentence_end(0) is None
    # The sentence ends in a part that comes after one that is still being made.
    made = Ledger()
    made.add("It is noon and")
    made.add(" it rains.")
    assert made.sentence_end(0) is None


def test_without_word_times_the_end_is_apportioned():
    made = ledger("It rains. It snows.", exact=False)
    assert made.sentence_end(0) == 19 * CHAR * 9 // 19
    assert made.sentence_end(10 * CHAR) == made.samples


def test_recent_words_for_comparing_with_an_echo():
    made = ledger("one two three four five six seven eight nine ten")
    assert made.recent(0, 10) == "one two three four five "
    assert "three four" in made.recent(18 * CHAR, 10)


# -- properties --------------------------------------------------------------------------------------------------------

words = st.lists(st.text("abcxyz.!?", min_size=1, max_size=8), min_size=1, max_size=6)


@st.composite
def ledgers(draw, exact):
    """A reply of a few parts; the last ones may be incomplete. Word ends grow, and may run ahead of the audio."""
    made, ended = Ledger(), True
    for n in range(draw(st.integers(1, 4))):
        text = (" " if n else "") + " ".join(draw(words))
        part = made.add(text)
        if not ended:
            continue
        at, ends, chars = 0, [], 0
        for word in text.split():
            chars = text.index(word, chars) + len(word)
            at += draw(st.integers(1, 5_000))
            ends.append(WordEnd(chars, at))
        total = at + draw(st.integers(0, 500))
        made_so_far = total if draw(st.booleans()) else draw(st.integers(0, total))
        made.audio(part, made_so_far, tuple(ends) if exact else (), 0)
        ended = made_so_far == total and draw(st.booleans())
        if ended:
            made.end(part)
    return made


@given(ledgers(exact=True), st.data())
def test_exact_hearing_grows_with_the_cursor_and_never_says_too_much(made, data):
    a, b = sorted(data.draw(st.tuples(*[st.integers(0, made.samples)] * 2)))
    less, more = made.heard(1, a), made.heard(1, b)
    assert more.text.startswith(less.text)
    assert made.text.strip().startswith(more.text)
    assert more.exact
    assert credited_end(made, len(more.text)) <= b


def credited_end(made, chars):
    """The sample at which the last credited word ends, from the word times alone."""
    at, chars = 0, chars + len(made.text) - len(made.text.lstrip()) if chars else 0
    last = 0
    for part in made.parts:
        if chars <= 0:
            break
        inside = [w.samples for w in part.words if w.chars <= chars]
        if inside and part.text[:chars].strip():
            last = at + max(inside)
        chars -= len(part.text)
        at += part.samples
    return last


@given(ledgers(exact=False), st.data())
def test_apportioned_hearing_grows_with_the_cursor_and_stays_behind_it(made, data):
    a, b = sorted(data.draw(st.tuples(*[st.integers(0, made.samples)] * 2)))
    less, more = made.heard(1, a), made.heard(1, b)
    assert more.text.startswith(less.text)
    assert made.text.strip().startswith(more.text)
    played = b
    credited = len(more.text) + len(made.text) - len(made.text.lstrip()) if more.text else 0
    for part in made.parts:
        inside = min(max(0, credited), len(part.text))
        if inside < len(part.text.rstrip()):
            assert inside * part.samples <= len(part.text) * max(0, played)
        credited -= len(part.text)
        played -= part.samples
    if 0 < b < made.samples and made.parts[0].samples > b:
        assert not more.exact


@given(ledgers(exact=True), st.data())
def test_the_end_of_a_sentence_is_where_it_has_been_heard(made, data):
    played = data.draw(st.integers(0, made.samples))
    end = made.sentence_end(played)
    if end is not None:
        assert end >= played or end == made.samples
        if end <= made.samples:
            assert len(made.heard(1, end).text) >= len(made.heard(1, played).text)
