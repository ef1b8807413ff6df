"""Turns what a model writes into what a voice should say, clause by clause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import copy
from functools import lru_cache

from . import english
from .blocks import Blocks
from .inline import ARROWS, MARKDOWN, MARKS
from .mapping import Rule, Spoken

_CODE = "code"
"""Said for a block of code in a language without rules of its own; the word is known in all of them."""
_RULES: dict[str, tuple[Rule, ...]] = {"en": (*MARKDOWN, *english.RULES, *MARKS)}
_NEUTRAL: tuple[Rule, ...] = (
    *MARKDOWN,
    (re.compile(r"(?i)(?<![\w@])(?:https?://(?:www\.)?|www\.)(?=\w)"), ""),
    *ARROWS,
    *MARKS,
)
_ROUNDS = 8
"""One rewriting may uncover another; texts that people write settle after two."""
_LONGEST = 2_000
"""A longer clause is nobody's speech. It loses its blocks and is otherwise left alone, so that audio never waits."""
_SIGNS = re.compile(r"[^\w\s.,;:!?'\"()—–…-]|[!?][!?]|\.{4}|…{2}|,,|--|[ \t][:;]|——|^[ \t]*-", re.M)
_DIGITS = re.compile(r"[\d_]")
_WORDS = re.compile(r"[^\W_]+")


class Hygiene:
    """For one reply: remembers over its clauses what is open, such as a block of code. `copy` it to say one again."""

    def __init__(self, language: str = "en", pronounce: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        """`pronounce`: whole words, and how to say them; as they are written first, then in any case."""
        name = language.lower().replace("_", "-").partition("-")[0]
        self._rules = _RULES.get(name, _NEUTRAL)
        self._worded = english.PLAIN if name in _RULES else None
        self._code = english.CODE if name in _RULES else _CODE
        self._blocks = Blocks()
        self._last = _pronunciations(name, tuple(dict(pronounce).items()))

    def __copy__(self) -> Hygiene:
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__
        other._blocks = copy(self._blocks)
        return other

    def say(self, text: str) -> Spoken:
        """The next clause of the reply. Without words only where all of them are in a block of code already announced,
        or where it has none."""
        if self._is_plain(text):
            self._blocks.passed(text)
            return Spoken.plain(text).ruled(self._last)
        return self._rewritten(text).ruled(self._last)

    def _is_plain(self, text: str) -> bool:
        return (
            self._blocks.idle
            and not _SIGNS.search(text)
            and not _DIGITS.search(text)
            and (self._worded is None or not self._worded.search(text))
        )

    def _rewritten(self, text: str) -> Spoken:
        begun, coded = Blocks(fresh=self._blocks.fresh), bool(self._blocks.fence)
        unblocked = self._blocks.read(Spoken.plain(text), self._code)
        spoken = unblocked if len(text) > _LONGEST else self._settled(unblocked, begun)
        if _WORDS.search(spoken.text):
            return spoken
        if _WORDS.search(unblocked.text):
            return _bare(unblocked)
        return spoken if coded or not _WORDS.search(text) else _bare(Spoken.plain(text))

    def _settled(self, spoken: Spoken, begun: Blocks) -> Spoken:
        """By all rules, until they find nothing more."""
        spoken = spoken.ruled(self._rules)
        for _ in range(_ROUNDS):
            again = copy(begun).read(spoken, self._code).ruled(self._rules)
            if again.text == spoken.text:
                break
            spoken = again
        return spoken


def _bare(spoken: Spoken) -> Spoken:
    """Only its words, where all of them looked like marks."""
    return spoken.edited([(0, len(spoken.text), " ".join(_WORDS.findall(spoken.text)))])


@lru_cache(maxsize=64)
def _pronunciations(language: str, pronounce: tuple[tuple[str, str], ...]) -> tuple[Rule, ...]:
    """A rule for all of them. Words are looked up as they are spoken: "R&D" where it has become "R and D"."""
    exact = {Hygiene(language).say(word).text.strip(): said for word, said in pronounce} | dict(pronounce)
    exact.pop("", None)
    anyhow = {word.lower(): said for word, said in reversed(exact.items())}
    if not exact:
        return ()
    words = "|".join(map(re.escape, sorted(exact, key=len, reverse=True)))

    def say(m: re.Match[str]) -> str:
        return exact.get(m.group()) or anyhow.get(m.group().lower(), m.group())

    return ((re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), say),)
