"""Cuts a growing text into clauses worth synthesising: the first one short, later ones whole sentences.

Nothing is lost or added: the clauses, put together, are the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .policy import ReplyPolicy

_CLOSING = r"(?:[\"')\]*_~”’»]|\[\d{1,3}\])*"
"""What belongs to the mark before it: brackets, quotes, the end of an emphasis, a citation."""
_SENTENCE = re.compile(rf"[.!?…]{_CLOSING}(?=\s)|[。！？]|(?<=\S)(?=[ \t]*\n[ \t]*\n)")
_CLAUSE = re.compile(rf"[,;:—–]{_CLOSING}(?=\s)|[，；：、]|(?<=\S)(?=[ \t]*\n)")
_WHOLE = re.compile(r"\[[^\[\]\n]{0,200}(?:\Z|\](?:\([^()\n]{0,500}(?:\)|\Z))?)|`[^`\n]{1,200}(?:`|\Z)")
"""Links and code in a line, also half written ones: in pieces nobody would know them for what they are."""
_DOTTED = re.compile(r"(?:[a-z]{1,2}\.)+[a-z]")
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr st prof vs etc approx jr sr rev gov mt inc ltd ave blvd dept incl cf al ca".split()
)
_BEFORE_NUMBERS = frozenset(
    "no nos fig figs vol ch sec pp tel ext art jan feb mar apr aug sep sept oct nov dec".split()
)
"""Abbreviations only where a number follows; most are words too."""


@dataclass(slots=True)
class Clauses:
    pending: str = ""
    first: bool = True
    short: int = 0
    """Words of the clause before, where that was cut without a mark."""

    def push(self, delta: str, policy: ReplyPolicy) -> list[str]:
        """Add text; the clauses that are complete now."""
        self.pending += delta
        out: list[str] = []
        while True:
            cut, count = self._cut(policy)
            if not cut:
                return out
            out.append(self.pending[:cut])
            self.pending = self.pending[cut:]
            self.first, self.short = False, count

    def flush(self) -> str:
        """The rest, at the end of the text; may be empty or blank."""
        rest, self.pending = self.pending, ""
        return rest

    def _cut(self, policy: ReplyPolicy) -> tuple[int, int]:
        """Where the next clause ends, or 0; and after how many words, where that is at no mark."""
        whole = self._whole()
        for m in _SENTENCE.finditer(self.pending):
            if not _is_inside(m.end(), whole) and not self._goes_on(m):
                return m.end(), 0
        words = len(self.pending.split())
        least = policy.first_clause_words if self.first else policy.clause_words
        marks = _CLAUSE.finditer(self.pending) if words > least else ()
        for m in marks:
            enough = len(self.pending[: m.end()].split()) >= min(least, policy.clause_words // 2)
            if enough and not _is_inside(m.end(), whole):
                return m.end(), 0
        count, most = self._limit(policy)
        return (self._after_words(count, whole), count) if words > most else (0, 0)

    def _limit(self, policy: ReplyPolicy) -> tuple[int, int]:
        """Words that are cut off where there is no mark, and the most that may be there before that is done."""
        if self.first:
            # Nobody is to wait long for the first words.
            return policy.first_clause_max_words, policy.first_clause_max_words
        if 0 < 2 * self.short < policy.clause_words:
            # While those sound, twice as many can be made.
            return 2 * self.short, 2 * self.short
        return policy.clause_words, 2 * policy.clause_words

    def _whole(self) -> list[tuple[int, int]]:
        """Stretches that are not to be cut."""
        if "[" not in self.pending and "`" not in self.pending:
            return []
        return [m.span() for m in _WHOLE.finditer(self.pending)]

    def _after_words(self, count: int, whole: list[tuple[int, int]]) -> int:
        """End of the `count`-th word, or of the stretch that it is in once that is complete."""
        at = 0
        for _ in range(count):
            m = re.compile(r"\s*\S+").match(self.pending, at)
            if m is None:
                break
            at = m.end()
        at = max((end for start, end in whole if start < at < end), default=at)
        return at if at < len(self.pending) else 0

    def _goes_on(self, m: re.Match[str]) -> bool:
        """The mark is a full stop that ends no sentence: of an abbreviation, or of a number in a list."""
        if not m.group().startswith("."):
            return False
        before, after = self.pending[: m.start()], self.pending[m.end() :]
        word = re.split(r"\s", before)[-1]
        if word.isdigit() and _begins_line(before[: -len(word)], self.first and word == "1"):
            return len(word) < 4
        return _is_abbreviation(word.lower().lstrip("(\"'*_"), after)


def _is_inside(at: int, whole: list[tuple[int, int]]) -> bool:
    return any(start < at < end for start, end in whole)


def _begins_line(before: str, at_start: bool) -> bool:
    return not before.rpartition("\n")[2].strip() and ("\n" in before or at_start)


def _is_abbreviation(word: str, after: str) -> bool:
    """Some wait until it is seen whether a number follows: "no." may be an answer."""
    if word in _BEFORE_NUMBERS:
        return not after.strip() or after.lstrip()[0].isdigit()
    single = len(word) == 1 and word.isalpha() and word != "i"
    return single or word in _ABBREVIATIONS or _DOTTED.fullmatch(word) is not None
