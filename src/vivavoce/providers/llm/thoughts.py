"""Reasoning written into the answer itself, `<think>...</think>`, which is not to be spoken.

pydantic-ai knows such tags when each is one delta of its own, as with most servers; here they may be cut anywhere.
"""

from __future__ import annotations

_OPEN = "<think>"
_CLOSE = "</think>"


class Thoughts:
    """Takes an answer in pieces, gives it back without its thoughts, and holds back what may become a tag."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False

    def feed(self, text: str) -> str:
        """What may be spoken now, possibly nothing."""
        self._held += text
        spoken = ""
        while True:
            found = self._next_tag()
            if found is None:
                break
            at, tag = found
            spoken += "" if self._inside else self._held[:at]
            self._held = self._held[at + len(tag) :]
            self._inside = tag == _OPEN
        keep = max(_overlap(self._held, _OPEN), _overlap(self._held, _CLOSE))
        ready, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return spoken if self._inside else spoken + ready

    def finish(self) -> str:
        """What was held back and became no tag, at the end of the answer."""
        rest, self._held = self._held, ""
        return "" if self._inside else rest

    def _next_tag(self) -> tuple[int, str] | None:
        """The first tag that counts: inside a thought only its end."""
        tags = (_CLOSE,) if self._inside else (_OPEN, _CLOSE)
        return min(((at, tag) for tag in tags if (at := self._held.find(tag)) >= 0), default=None)


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    return next((n for n in range(min(len(tag) - 1, len(text)), 0, -1) if tag.startswith(text[-n:])), 0)
