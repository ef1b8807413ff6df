from __future__ import annotations

import pytest

pytest.importorskip("espeakng_loader")

from vivavoce.providers.local.spelling import sentences
from vivavoce.providers.offline.espeak import Espeak


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    espeak = Espeak()
    espeak.voice("gmw/en-US", "m3", "en-us", female=False)
    return espeak


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("Yes.", ["jˈɛs."]),
        ("Well, yes. Really?", ["wˈɛl, jˈɛs.", "ɹˈiəli?"]),
        ("Yes: no; well", ["jˈɛs: nˈoʊ; wˈɛl"]),
        ("Yes – no… Well!", ["jˈɛs, nˈoʊ.", "wˈɛl!"]),
        ("Dr. No.", ["dˈɑːktɚ nˈoʊ."]),
        ("Yes.\n\nNo", ["jˈɛs.", "nˈoʊ"]),
        ("Yes\n\nNo", ["jˈɛs.", "nˈoʊ"]),
        ("(yes) “no”", ["jˈɛs nˈoʊ"]),
        ("", []),
        ("...", []),
        ("—", []),
    ],
)
def test_text_is_spelt_with_its_punctuation(espeak: Espeak, text: str, spelt: list[str]) -> None:
    assert list(sentences(espeak.phonemes, text)) == spelt


def test_numbers_are_words(espeak: Espeak) -> None:
    (one,) = sentences(espeak.phonemes, "It is 5 p.m. on 12th May.")
    assert "fˈaɪv" in one
    assert "twˈɛlfθ" in one


def test_every_sound_is_one_codepoint_that_voices_know() -> None:
    assert list(sentences(lambda text: [("ç", "x")], "x")) == ["c\u0327"]


def test_marks_of_other_languages_are_left_out() -> None:
    assert list(sentences(lambda text: [("(fr)ʃˈa(en) ˈɪz", "x.")], "x")) == ["ʃˈa ˈɪz."]


def test_a_sentence_without_end_is_cut_at_a_clause(espeak: Espeak) -> None:
    spelt = list(sentences(espeak.phonemes, "one and another, " * 60))
    assert len(spelt) > 2
    assert max(map(len, spelt)) <= 400


@pytest.mark.parametrize("ipa", ["wˈʌn " * 300, "ɑ" * 1500])
def test_a_clause_without_end_is_cut_anywhere(ipa: str) -> None:
    spelt = list(sentences(lambda text: [(ipa, "x")], "x"))
    assert max(map(len, spelt)) <= 400
    assert "".join(spelt).replace(" ", "") == ipa.replace(" ", "")
