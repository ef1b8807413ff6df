"""Markdown's blocks, line by line and over any number of clauses: headings, lists, quotes, rules, tables, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .mapping import Edit, Spoken

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r"[ \t]*(`{3,}(?=[^`\n]*$)|~{3,})", re.M)
_RULE = re.compile(r"[ \t]*(?:[-*_](?:[ \t]*[-*_]){2,}|={3,})[ \t]*$", re.M)
_PREFIX = re.compile(r"[ \t]*(?:(?:>|#{1,6}[ \t]|[-*+•][ \t](?:[ \t]*\[[ xX]\][ \t])?)[ \t]*)+")
_QUOTE = re.compile(r"[ \t]*(?:>[ \t]*)+\Z")
_NUMBER = re.compile(r"[ \t]*\d{1,3}([.)])[ \t]")
_ROW = re.compile(r"[ \t]*\|[ \t|]*")
_DIVIDER = re.compile(r"[ \t]*\|[-: \t|]*-[-: \t|]*$", re.M)
_CELL = re.compile(r"(?<![ \t|])[ \t]*\|[ \t|]*")
_CLOSING = re.compile(r"[ \t]+#{1,6}[ \t]*$", re.M)
_PLAIN, _ITEM, _TABLE = "", "item", "row"


@dataclass(slots=True)
class Blocks:
    """Where in the markdown of a reply the next clause begins."""

    fence: str = ""
    """What opened the code block that is being written, if any."""
    fresh: bool = True
    """Only blanks since the last line break."""
    line: str = _PLAIN
    """What the line in hand is: plain, an item (or heading), or a row of a table."""

    @property
    def idle(self) -> bool:
        """Nothing is open that gives a plain text another meaning."""
        return not self.fence and self.line == _PLAIN

    def passed(self, text: str) -> None:
        """Plain text was said."""
        self.fresh = not text.rpartition("\n")[2].strip() and (self.fresh or "\n" in text)

    def read(self, spoken: Spoken, code: str) -> Spoken:
        """The text without its blocks' marks; `code` is said for a whole block of code."""
        return spoken.edited(_joined(self._edits(spoken.text, code)))

    def _edits(self, text: str, code: str) -> Iterator[Edit]:
        for m in _LINE.finditer(text):
            start, end = m.span()
            stop = end - text.endswith("\n", start, end)
            if self.fence or self._opens(text, start):
                yield start, end, self._code(text[start:stop], code)
            else:
                yield from self._line(text, start, stop, end)
            if stop < end:
                self.fresh, self.line = True, _PLAIN
            else:
                self.fresh = self.fresh and not text[start:stop].strip()

    def _opens(self, text: str, at: int) -> bool:
        return self.fresh and _FENCE.match(text, at) is not None

    def _code(self, line: str, code: str) -> str:
        """What is said for a line of code: something for the first one, nothing for the others."""
        mark = line.strip()
        if not self.fence:
            found = _FENCE.match(line)
            assert found is not None
            self.fence = found.group(1)
            return f"{code}.\n"
        if self.fresh and mark.startswith(self.fence) and not mark.strip(self.fence[0]):
            self.fence = ""
        return ""

    def _line(self, text: str, start: int, stop: int, end: int) -> Iterator[Edit]:
        at = start
        if self.fresh:
            if _RULE.match(text, start, stop) or _DIVIDER.match(text, start, stop):
                yield start, end, ""
                return
            if prefix := _PREFIX.match(text, start, stop):
                at = prefix.end()
                yield start, at, ""
                self.line = _PLAIN if _QUOTE.match(prefix.group()) else _ITEM
            if number := _NUMBER.match(text, at, stop):
                self.line = _ITEM
                yield number.start(1), number.end(1), "."
                at = number.end()
            if row := _ROW.match(text, at, stop):
                self.line = _TABLE
                yield at, row.end(), ""
                at = row.end()
        if self.line == _TABLE:
            yield from self._cells(text, at, stop)
        elif self.line == _ITEM:
            yield from self._item(text, at, stop)

    def _cells(self, text: str, at: int, stop: int) -> Iterator[Edit]:
        for m in _CELL.finditer(text, at, stop):
            yield m.start(), m.end(), "." if m.end() == stop else ", "

    def _item(self, text: str, at: int, stop: int) -> Iterator[Edit]:
        """An item ends like a sentence, also where its writer left out the full stop."""
        ended = stop < len(text)
        if closing := _CLOSING.search(text, at, stop):
            yield closing.start(), stop, "." if ended else ""
            return
        said = text[at:stop].rstrip()
        bare = said.rstrip("*_`~)\"' ”")
        if ended and bare and (bare[-1].isalnum() or bare[-1] in "%]>°"):
            yield at + len(said), at + len(said), "."


def _joined(edits: Iterator[Edit]) -> Iterator[Edit]:
    """Neighbours as one, so that a block of code is said once it was announced."""
    last: Edit | None = None
    for edit in edits:
        if last is not None and last[1] == edit[0]:
            last = (last[0], edit[1], last[2] + edit[2])
            continue
        if last is not None:
            yield last
        last = edit
    if last is not None:
        yield last
