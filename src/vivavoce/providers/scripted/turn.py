"""What one answer is made from, and the choice among wordings."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ...core.commands import Item, Message
from .lines import LINES
from .memory import agent_texts, known_name, name_given
from .persona import Persona
from .understand import clean

_FIELD = re.compile(r"\{\w*\}")
_RECENT = 3
"""How many of our own last utterances must not be repeated."""


@dataclass(frozen=True)
class Turn:
    """The user's words now, and everything before them."""

    text: str
    """As typed or recognised."""
    words: tuple[str, ...]
    """Normalised, without hesitations."""
    before: tuple[Item, ...]
    """The history up to this turn."""
    persona: Persona
    now: datetime
    seed: int
    said_at: Callable[[int], str]
    """What the responder answered (in full, also if it was not heard in full) in place of `before[index]`."""

    @property
    def last_heard(self) -> Message | None:
        """The agent's last message, as far as it was heard."""
        last = (i for i in reversed(self.before) if isinstance(i, Message) and i.role == "agent")
        return next(last, None)

    @property
    def name(self) -> str | None:
        """The user's name, once given."""
        asked = self.last_heard.text if self.last_heard else ""
        return name_given(self.text, asked) or known_name(self.before)

    def dice(self, purpose: str) -> random.Random:
        """Randomness that is the same whenever the same is said at the same place of the same conversation."""
        return random.Random(f"{self.seed}|{purpose}|{len(self.before)}|{' '.join(self.words)}")

    def line(self, key: str, **fields: str) -> str:
        """One of the wordings for `key` with its fields filled in, not one of the last few."""
        name = f", {self.name}" if self.name else ""
        template = self.choose(key, LINES[key], agent_texts(self.before)[-_RECENT:])
        return template.format(**{"name": name, "connect": LINES["connect"][0]} | fields)

    def fresh(self, key: str, options: Sequence[str]) -> str:
        """One of the options not used in this conversation; when all are, any but the last few."""
        said = agent_texts(self.before)
        unused = [o for o in options if not _used(o, said)]
        return self.choose(key, unused or options, said[-_RECENT:])

    def choose(self, key: str, options: Sequence[str], recent: Sequence[str]) -> str:
        order = list(options)
        self.dice(key).shuffle(order)
        return next((o for o in order if not _used(o, recent)), _least_recent(order, recent))


def _used(template: str, texts: Sequence[str]) -> bool:
    mark = _mark(template)
    return any(mark in " ".join(clean(t)) for t in texts)


def _least_recent(order: Sequence[str], recent: Sequence[str]) -> str:
    def last_use(template: str) -> int:
        return max((i for i, t in enumerate(recent) if _used(template, [t])), default=-1)

    return min(order, key=last_use)


def _mark(template: str) -> str:
    """The first words of the longest fixed part: enough to know a wording again, also when it was cut short."""
    fixed = max(_FIELD.split(template), key=len)
    return " ".join(clean(fixed)[:5])
