"""Which words were truly played, told by the synthesis alone: what the core's own ledger is checked against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..core.events import WordEnd


def words_played(parts: Iterable[tuple[str, int, Sequence[WordEnd]]], played: int) -> str:
    """The words whose last sample is among the first `played`. Parts in order: text, samples, word ends."""
    out, left = "", played
    for text, samples, words in parts:
        if not samples or left < samples:
            return (out + text[: max((w.chars for w in words if w.samples <= left), default=0)]).strip()
        out += text
        left -= samples
    return out.strip()
