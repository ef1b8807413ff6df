"""Two agents who talk with each other, and a caller who listens and outranks both.

While one is heard the next answer is thought and spoken ahead: it is asked for as soon as all words of the answer
before it are there, and stands in line until that has been heard. Whoever interrupts, interrupts both: what was
prepared is dropped, one of them answers, and they go on from what was really heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .commands import Call, Item, Message, Result, Why
from .notices import Origin
from .reply import Basis, Reply, State

if TYPE_CHECKING:
    from .speaking import Speaking

HUMAN_GAPS_MS = (190, 60, 340, 130, 0, 260, 480, 100, 220, 30, 150, 620)
"""Quantiles of the silence between the turns of people, in an order without a pattern; their mean is about 215 ms."""
_SILENT_TURNS = 2
"""Answers without a word, one after the other, after which they have nothing more to say."""


@dataclass(slots=True)
class Duet:
    speakers: tuple[str, str]
    turns: int
    """Answers after which it ends; 0 for no end."""
    answers: str = "other"
    """Who answers a caller that cuts in: `same` (who was interrupted) or `other`."""
    asked: int = 0
    """Answers asked for that were heard, or still may be."""
    last: str = ""
    """Who was asked last."""
    silent: int = 0
    """Answers without a word, lately."""
    over: bool = False

    def other(self, speaker: str) -> str:
        first, second = self.speakers
        return second if speaker == first else first

    def next(self) -> str:
        """Whose turn it is."""
        return self.other(self.last) if self.last else self.speakers[0]

    def answerer(self) -> str:
        """Who answers the caller."""
        return self.next() if self.answers == "other" or not self.last else self.last


def view(items: tuple[Item, ...], speaker: str, spoken: Mapping[str, str]) -> tuple[Item, ...]:
    """The conversation from one side: the other agent's words are said to it. `spoken`: item -> who said it."""
    calls = {item.call for item in items if isinstance(item, Call) and spoken.get(item.id, speaker) != speaker}
    found: list[Item] = []
    for item in items:
        if isinstance(item, Call | Result) and item.call in calls:
            continue
        if isinstance(item, Message) and item.role == "agent" and spoken.get(item.id, speaker) != speaker:
            item = replace(item, role="user", interrupted=False)
        found.append(item)
    return tuple(found)


def go_on(duet: Duet, speaking: Speaking) -> None:
    """Ask for the next answer, if all words of the one before it are there and nothing is prepared yet."""
    if duet.over or len(speaking.line) > 1 or speaking.endings.awaiting:
        return
    before = speaking.head
    if before is not None and (not before.text_done or before.stop_at is not None):
        return
    if before is not None and not speaking.context.policy.duet.overlap:
        return
    if duet.turns and duet.asked >= duet.turns:
        duet.over = before is None
        return
    basis = Basis("", speaking.context.history.revision)
    duet.asked += 1
    speaking.generate(Origin.DUET, basis, Why.DUET, speaker=duet.next())


def ended(duet: Duet, reply: Reply) -> None:
    """An answer is over: one of which nothing was heard does not count."""
    if reply.origin is not Origin.DUET:
        return
    if reply.state is State.CUT and not reply.played:
        duet.asked -= 1
        duet.last = duet.other(reply.speaker)
    silent = reply.state is State.DONE and not reply.text.strip()
    duet.silent = duet.silent + 1 if silent else 0
    duet.over = duet.over or duet.silent >= _SILENT_TURNS
