"""Tokens become words; the ear itself is tested in `test_stt`."""

from __future__ import annotations

from vivavoce.providers.local.zipformer import joined


def test_tokens_become_words_at_their_times() -> None:
    words = list(joined([" GO", "ING", " ON", "'", "T"], [1.0, 1.04, 1.1, 1.12, 2.0], 40_000))
    assert [(word.text, word.start, word.end) for word in words] == [
        ("going", 16_000, 17_600),
        ("on't", 17_600, 34_560),
    ]


def test_no_word_goes_beyond_what_was_heard() -> None:
    (word,) = joined(["▁Yes"], [1.0], 16_100)
    assert (word.text, word.start, word.end) == ("Yes", 16_000, 16_100)


def test_a_lone_blank_is_no_word() -> None:
    assert [word.text for word in joined(["▁", "▁Yes"], [0.0, 1.0], 99_000)] == ["Yes"]
    assert list(joined([], [], 0)) == []
