from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.providers.offline.pronounce import pronounce

PHONES = frozenset(
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split()
)


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("vivavoce", "V IH V AE V OW S"),
        ("zorbatron", "Z AO R B AE T R AA N"),
        ("quibble", "K W IH B AH L"),
        ("phlox", "F L AA K S"),
        ("mctavish", "M AH K T AE V IH SH"),
        ("blane", "B L EY N"),
        ("kiko", "K IH K OW"),
        ("o'dowd", "AA D OW D"),
        ("e", "EH"),
    ],
)
def test_examples(word: str, phones: str) -> None:
    assert pronounce(word) == phones


@given(st.text(string.ascii_lowercase + "'", min_size=1, max_size=20))
def test_always_known_phones(word: str) -> None:
    if word.strip("'"):
        phones = pronounce(word).split()
        assert phones
        assert set(phones) <= PHONES


def test_nothing_to_say() -> None:
    with pytest.raises(ValueError, match="no letters"):
        pronounce("''")
