"""A text that was rewritten, and which place in the original each of its places came from."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Edit = tuple[int, int, str]
"""`text[start:end]` becomes this."""
To = str | Callable[[re.Match[str]], "str | Iterable[Edit] | None"]
"""What a match becomes; None to leave it alone; edits where only parts of it change."""
Rule = tuple[re.Pattern[str], To]


@dataclass(frozen=True, slots=True)
class _Pass:
    """The edits of one rewriting, as places before and after it, in order."""

    ends: tuple[int, ...]
    """Where each replacement ends, after."""
    starts: tuple[int, ...]
    """Where it starts, after."""
    before: tuple[tuple[int, int], ...]
    """Start and end of what it replaced."""

    def back(self, chars: int) -> int:
        """A replacement counts once all of it was said, a deletion as soon as what is before it was."""
        done = bisect_right(self.ends, chars)
        if done < len(self.ends) and self.starts[done] < chars:
            return self.before[done][0]
        return chars if not done else self.before[done - 1][1] + chars - self.ends[done - 1]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the synthesiser gets."""

    text: str
    source: str
    """What was written."""
    passes: tuple[_Pass, ...] = ()

    @classmethod
    def plain(cls, text: str) -> Spoken:
        """Said as it is written."""
        return cls(text, text)

    def written(self, chars: int) -> int:
        """How much of the written text was said once `text[:chars]` was; a written word only once all of it was."""
        if chars >= len(self.text):
            return len(self.source)
        # Marks that open the next word are no part of the word before.
        chars = len(self.text[: max(0, chars)].rstrip())
        if not chars:
            return 0
        for p in reversed(self.passes):
            chars = p.back(chars)
        return chars

    def edited(self, edits: Iterable[Edit]) -> Spoken:
        """Rewritten once more, by edits in order that do not overlap."""
        out: list[str] = []
        ends, starts, before = [], [], []
        at = size = 0
        for start, end, new in edits:
            out += (self.text[at:start], new)
            starts.append(size + start - at)
            ends.append(starts[-1] + len(new))
            before.append((start, end))
            at, size = end, ends[-1]
        if not ends:
            return self
        text = "".join(out) + self.text[at:]
        return Spoken(text, self.source, (*self.passes, _Pass(tuple(ends), tuple(starts), tuple(before))))

    def ruled(self, rules: Iterable[Rule]) -> Spoken:
        """Rewritten by each rule in turn."""
        spoken = self
        for pattern, to in rules:
            if pattern.search(spoken.text):
                spoken = spoken.edited(_edits(pattern, to, spoken.text))
        return spoken


def kept(m: re.Match[str]) -> list[Edit]:
    """Only the first group remains."""
    return [(m.start(), m.start(1), ""), (m.end(1), m.end(), "")]


def _edits(pattern: re.Pattern[str], to: To, text: str) -> list[Edit]:
    edits: list[Edit] = []
    for m in pattern.finditer(text):
        new = to if isinstance(to, str) else to(m)
        if isinstance(new, str):
            if new != m.group():
                edits.append(_trimmed(m, new))
        elif new is not None:
            edits += new
    return edits


def _trimmed(m: re.Match[str], new: str) -> Edit:
    """Whole words in front that stay the same keep their own place: "10 km" becomes "10 kilometres" word by word."""
    old, same = m.group(), 0
    for n, (a, b) in enumerate(zip(old, new, strict=False)):
        if a != b:
            break
        if a == " ":
            same = n + 1
    return m.start() + same, m.end(), new[same:]
