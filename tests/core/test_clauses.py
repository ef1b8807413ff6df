"""Where a growing text is cut: early for the first clause, at sentences afterwards, and nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.clauses import Clauses
from vivavoce.core.policy import ReplyPolicy

P = ReplyPolicy()


def cut(text, step=1, policy=P):
    """The clauses of a text that arrives `step` characters at a time."""
    clauses, out = Clauses(), []
    for at in range(0, len(text), step):
        out += clauses.push(text[at : at + step], policy)
    rest = clauses.flush()
    return [*out, rest] if rest else out


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("It is noon.", ["It is noon."]),
        ("It is noon. Anything else?", ["It is noon.", " Anything else?"]),
        ("Yes! No? Well.", ["Yes!", " No?", " Well."]),
        ("", []),
        # A closing quote or bracket belongs to its sentence.
        ('He said "yes." Then he left.', ['He said "yes."', " Then he left."]),
        ("(It is open.) Come in.", ["(It is open.)", " Come in."]),
        # No end of a sentence: abbreviations, initials, decimals, addresses.
        ("Dr. Who met Mr. Smith.", ["Dr. Who met Mr. Smith."]),
        ("Take e.g. the first one. Good.", ["Take e.g. the first one.", " Good."]),
        ("J. R. Hartley wrote it. Yes.", ["J. R. Hartley wrote it.", " Yes."]),
        ("It costs 3.50 today. Fine.", ["It costs 3.50 today.", " Fine."]),
        ("See example.com for more. Bye.", ["See example.com for more.", " Bye."]),
        ("We close at 5 p.m. today and open at 8 a.m. again.", ["We close at 5 p.m. today and open at 8 a.m. again."]),
        ("The U.S. team won (i.e. all of them). Good.", ["The U.S. team won (i.e. all of them).", " Good."]),
        ("Try\ne.g. tea. Good.", ["Try\ne.g. tea.", " Good."]),
        ("It is at example.com/a. Next one.", ["It is at example.com/a.", " Next one."]),
        ("See http://x.y/a?b=1,2. Next one.", ["See http://x.y/a?b=1,2.", " Next one."]),
        ("Write to a.b@example.com. Bye.", ["Write to a.b@example.com.", " Bye."]),
        ("We meet at 10:30. Fine.", ["We meet at 10:30.", " Fine."]),
        ("It is 1.2.3. Fine.", ["It is 1.2.3.", " Fine."]),
        ("It is five U.S. dollars. Fine.", ["It is five U.S. dollars.", " Fine."]),
        ("Ask a Ph.D. student. Fine.", ["Ask a Ph.D. student.", " Fine."]),
        ("ACME Inc. is open. Fine.", ["ACME Inc. is open.", " Fine."]),
        ("It was Nov. 21. Fine.", ["It was Nov. 21.", " Fine."]),
        ("As in Fig. 3. Fine.", ["As in Fig. 3.", " Fine."]),
        ("It was in Nov. Then not.", ["It was in Nov.", " Then not."]),
        # The end of an emphasis and citations belong to their sentence.
        ("It is **so.** Yes.", ["It is **so.**", " Yes."]),
        ("It is so.[1] Yes.[2][3] Then.", ["It is so.[1]", " Yes.[2][3]", " Then."]),
        # Links and code in a line are left whole.
        ("See [the. page](http://x.y/z. w) now. Bye.", ["See [the. page](http://x.y/z. w) now.", " Bye."]),
        ("Say `a. b` now. Bye.", ["Say `a. b` now.", " Bye."]),
        ("A [note. It\nhas no end. Bye", ["A [note.", " It\nhas no end.", " Bye"]),
        # The number of a list's item is no sentence, but "42." is.
        ("1. One is. 2 is.\n2. Two is.", ["1. One is.", " 2 is.", "\n2. Two is."]),
        ("42. That is it.", ["42.", " That is it."]),
        ("So:\n\n1. Go.", ["So:", "\n\n1. Go."]),
        # A new paragraph is a new clause.
        ("# Title\n\nText", ["# Title", "\n\nText"]),
        ("One\n \n\nTwo\nthree", ["One", "\n \n\nTwo\nthree"]),
        # "No." is an answer, unless a number follows.
        ("No. I can not.", ["No.", " I can not."]),
        ("No. No. No.", ["No.", " No.", " No."]),
        ('He said "no." Then he left.', ['He said "no."', " Then he left."]),
        ("Chanel No. 5 is sold out. Sorry.", ["Chanel No. 5 is sold out.", " Sorry."]),
        # But "I" ends sentences.
        ("So do I. And you?", ["So do I.", " And you?"]),
        # An ellipsis ends one like a full stop, after its last dot.
        ("Well... let me see.", ["Well...", " let me see."]),
        ("Well… let me see.", ["Well…", " let me see."]),
        # No blank follows the marks of Chinese and Japanese.
        ("你好。今天天气很好！再见", ["你好。", "今天天气很好！", "再见"]),
        ("はい。そうです？ええ。", ["はい。", "そうです？", "ええ。"]),
    ],
)
def test_sentences(text, clauses):
    assert cut(text) == clauses
    assert cut(text, step=1000) == clauses


def test_the_first_clause_may_end_at_a_comma_once_it_is_long_enough():
    clauses = Clauses()
    assert clauses.push("In the morning, ", P) == []
    # The comma comes after three words, and a fourth one shows that more is coming.
    assert clauses.push("it", P) == ["In the morning,"]
    assert Clauses().push("Well, it is ten o'clock", P) == []


def test_later_clauses_are_whole_sentences_unless_they_are_long():
    clauses = Clauses(first=False)
    assert clauses.push("In the morning, if it does not rain, we leave", P) == []
    long = "one two three four five six seven eight nine ten eleven, "
    assert clauses.push(f" {long * 2}", P) != []


@pytest.mark.parametrize("comma", [",", ";", ":", " —", " –"])
def test_marks_inside_a_sentence(comma):
    text = f"In the early morning{comma} it rains"
    assert Clauses().push(text, P) == [f"In the early morning{comma}"]


def test_a_link_is_not_cut_at_its_comma():
    link = "Look at our [help, all of it](http://x.y/z, w)"
    assert cut(f"{link}, and then at more of it") == [f"{link},", " and then at more of it"]
    assert Clauses().push("Look at our [help, all of it", P) == []
    assert Clauses().push("Look at our [help, all of it](http://x.y/z, w", P) == []


def test_a_bracket_that_never_closes_holds_up_nothing_for_long():
    clauses = cut("So [it goes " + "on, and " * 60)
    assert len(clauses[0]) < 230


def test_a_long_link_is_not_cut_after_a_number_of_words():
    link = "[" + " ".join(["w"] * 30) + "](http://x.y)"
    assert cut(f"See {link} now") == [f"See {link}", " now"]


def test_lists_are_cut_at_the_ends_of_their_items():
    items = [f"\n- item number {n} of it" for n in range(6)]
    assert cut("".join(["You need", *items])) == ["You need" + items[0], "".join(items[1:3]), "".join(items[3:])]


def test_the_first_words_are_not_waited_for_long():
    words = " ".join(["word"] * 60)
    assert Clauses().push(" ".join(["word"] * (P.clause_words + 1)), P) != []
    assert cut(words)[0] == " ".join(["word"] * P.clause_words)


def test_a_first_clause_of_few_words_is_followed_by_twice_as_many_until_a_mark_comes():
    words = " ".join(f"w{n}" for n in range(90))
    soon = ReplyPolicy(first_clause_max_words=1)
    assert [len(c.split()) for c in cut(words, policy=soon)] == [1, 2, 4, 8, 16, 22, 37]
    assert cut("We have one left. Do you want it now?", policy=soon) == [
        "We",
        " have one",
        " left.",
        " Do you want it now?",
    ]
    assert cut("Sure, I will do that at once.", policy=soon)[:2] == ["Sure,", " I will"]


def test_the_first_clause_waits_for_its_mark_where_it_has_no_limit():
    words = " ".join(["word"] * 60) + ". And more."
    assert cut(words, policy=ReplyPolicy(first_clause_max_words=0))[0] == words[:-10]


def test_chinese_commas_need_no_blank_but_their_words_cannot_be_counted():
    assert Clauses().push("one two three，four five", P) == ["one two three，"]


def test_text_without_any_mark_is_cut_after_a_number_of_words():
    words = " ".join(f"w{n}" for n in range(200))
    clauses = cut(words)
    assert "".join(clauses) == words
    assert all(len(c.split()) <= 2 * P.clause_words for c in clauses)
    assert [len(c.split()) for c in clauses[:3]] == [P.clause_words] * 3


def test_one_endless_word_is_left_whole():
    assert cut("a" * 5_000, step=100) == ["a" * 5_000]


def test_a_mark_at_the_very_end_waits_for_what_follows_it():
    clauses = Clauses()
    assert clauses.push("It costs 3.", P) == []
    assert clauses.push("50 today.", P) == []
    assert clauses.push(" ", P) == ["It costs 3.50 today."]
    assert clauses.flush() == " "
    assert clauses.flush() == ""


def test_no_waits_for_what_follows_its_blank():
    clauses = Clauses()
    assert clauses.push("No. ", P) == []
    assert clauses.push("S", P) == ["No."]
    assert clauses.flush() == " S"
    assert clauses.push("No. ", P) == []
    assert clauses.flush() == "No. "


pieces = st.sampled_from(
    [
        "Yes.",
        "no",
        " ",
        ",",
        "...",
        "Dr.",
        " 3.50",
        "。",
        "，",
        "!",
        '"',
        "\n",
        " and so on",
        "e.g.",
        "No.",
        "p.m. ",
        "😀",
        "\u00a0",
        ";",
    ]
)
texts = st.lists(pieces | st.text(max_size=6), max_size=40)


@given(texts, st.integers(0, 6), st.integers(0, 30), st.integers(0, 30))
def test_nothing_is_lost_or_added(deltas, first_clause_words, clause_words, first_clause_max_words):
    policy = ReplyPolicy(
        first_clause_words=first_clause_words, clause_words=clause_words, first_clause_max_words=first_clause_max_words
    )
    clauses, out = Clauses(), []
    for delta in deltas:
        out += clauses.push(delta, policy)
        assert "".join(out) + clauses.pending == "".join(deltas)[: len("".join(out)) + len(clauses.pending)]
    assert all(out)
    assert "".join([*out, clauses.flush()]) == "".join(deltas)


@given(texts)
def test_every_clause_but_the_last_says_something_or_ends_a_sentence(deltas):
    clauses, out = Clauses(), []
    for delta in deltas:
        out += clauses.push(delta, P)
    assert all(c.strip() for c in out)
