"""Cuts a growing text into clauses worth synthesising: the first one short, later ones whole sentences.

Nothing is lost or added: the clauses, put together, are the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .policy import ReplyPolicy

_SENTENCE = re.compile(r"(?:[.!?…][\"')\]]*(?=\s)|[。！？])")
_CLAUSE = re.compile(r"(?:[,;:—–][\"')\]]*(?=\s)|[，；：、])")
_DOTTED = re.compile(r"(?:[a-z]\.)+[a-z]")
_ABBREVIATIONS = (
    "mr",
    "mrs",
    "ms",
    "dr",
    "st",
    "prof",
    "vs",
    "etc",
    "approx",
    "jr",
    "sr",
)


@dataclass(slots=True)
class Clauses:
    pending: str = ""
    first: bool = True

    def push(self, delta: str, policy: ReplyPolicy) -> list[str]:
        """Add text; the clauses that are complete now."""
        self.pending += delta
        out: list[str] = []
        while cut := self._cut(policy):
            out.append(self.pending[:cut])
            self.pending = self.pending[cut:]
            self.first = False
        return out

    def flush(self) -> str:
        """The rest, at the end of the text; may be empty or blank."""
        rest, self.pending = self.pending, ""
        return rest

    def _cut(self, policy: ReplyPolicy) -> int:
        """Where the next clause ends, or 0."""
        for m in _SENTENCE.finditer(self.pending):
            if not _is_abbreviation(self.pending[: m.start()], m.group(), self.pending[m.end() :]):
                return m.end()
        words = len(self.pending.split())
        least = policy.first_clause_words if self.first else policy.clause_words
        if words <= least:
            return 0
        for m in _CLAUSE.finditer(self.pending):
            if len(self.pending[: m.end()].split()) >= min(least, policy.clause_words // 2):
                return m.end()
        if words > 2 * policy.clause_words:
            return self._after_words(policy.clause_words)
        return 0

    def _after_words(self, count: int) -> int:
        """End of the `count`-th word."""
        at = 0
        for _ in range(count):
            m = re.compile(r"\s*\S+").match(self.pending, at)
            if m is None:
                break
            at = m.end()
        return at


def _is_abbreviation(before: str, mark: str, after: str) -> bool:
    """A full stop that ends no sentence, or may not: "no." waits until it is seen whether a number follows."""
    if not mark.startswith("."):
        return False
    word = re.split(r"\s", before)[-1].lower().lstrip("(\"'")
    if word == "no":
        return not after.strip() or after.lstrip()[0].isdigit()
    single = len(word) == 1 and word.isalpha() and word != "i"
    return single or word in _ABBREVIATIONS or _DOTTED.fullmatch(word) is not None
