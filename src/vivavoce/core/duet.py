"""Two agents who talk with each other, and a caller who listens and outranks both.

While one is heard the next answer is thought and spoken ahead: it is asked for as soon as all words of the answer
before it are there, and stands in line until that has been heard. Eager, it is begun from the clauses that are there,
and stands if there is no time for one that knows the rest too. Whoever interrupts, interrupts both: what was prepared
is dropped, one of them answers, and they go on from what was really heard. Who steers them, by a word or by another
persona, drops what was prepared too, and lets the one who speaks finish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .commands import Call, Item, Message, Result, Why
from .events import Say
from .marks import Marks
from .notices import Origin
from .reply import Basis, Reply, State
from .units import out_ms

if TYPE_CHECKING:
    from .speaking import Speaking

HUMAN_GAPS_MS = (190, 60, 340, -90, 260, 480, 100, 220, -40, 30, 150, 620, 280, -140, 400, 130)
"""Quantiles of the silence between the turns of people, in an order without a pattern; negative where the next begins
before the end. Their mean is about 190 ms."""
_CHAR_MS = 65
"""What a character takes to be said."""
_MARGIN = 1.25
"""By how much an answer may cost more than any before it: each is told all of them."""
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
    turn_cost: float = 0.0
    """Money that an answer is expected to cost, before one is known."""
    silent: int = 0
    """Answers without a word, lately."""
    begun_for: int = 0
    """The last answer during which the next was begun early."""
    stopping: str = ""
    """Why no more answers are asked for; empty while they go on."""
    over: str = ""
    """The same, once all was heard."""

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
    """Ask for the next answer, if it is time to and nothing is prepared yet."""
    if duet.over or len(speaking.line) > 1 or speaking.endings.awaiting:
        return
    before, p = speaking.head, speaking.context.policy.duet
    if before is not None and before.stop_at is not None:
        return
    stopping = duet.stopping or ("done" if duet.turns and duet.asked >= duet.turns else "")
    if stopping:
        duet.over = stopping if before is None else ""
    elif before is None or (before.text_done and p.overlap):
        _ask(duet, speaking, before)
    elif p.overlap and p.eager:
        _begin_early(duet, speaking, before)


def _ask(duet: Duet, speaking: Speaking, before: Reply | None) -> None:
    early = speaking.candidate
    if early is not None and early.origin is Origin.DUET:
        if before is not None and _stands(early, before, speaking):
            duet.asked += 1
            speaking.promote(Marks(), 0, Why.PROMOTED)
            return
        speaking.discard(Why.REVISED)
    if _within_budget(duet, speaking):
        duet.asked += 1
        speaking.generate(Origin.DUET, Basis("", speaking.context.history.revision), Why.DUET, speaker=duet.next())


def _begin_early(duet: Duet, speaking: Speaking, before: Reply) -> None:
    """The other begins to think when enough of this answer is certain; once for each."""
    certain = "".join(part.text for part in before.ledger.parts).strip()
    ready = before.speaker and speaking.candidate is None and len(certain) >= speaking.context.policy.duet.eager_chars
    if ready and duet.begun_for != before.id and _within_budget(duet, speaking):
        duet.begun_for = before.id
        basis = Basis(certain, speaking.context.history.revision)
        speaking.generate(Origin.DUET, basis, Why.EAGER, speculative=True, speaker=duet.next())


def _stands(early: Reply, before: Reply, speaking: Speaking) -> bool:
    """Does it answer all that was said, or is there no time for one that does?"""
    said = before.text.strip()
    if not said.startswith(early.basis.words):
        return False
    usual = speaking.context.llms.p95(0) or speaking.context.policy.engines.hedge_first_ms
    return said == early.basis.words or len(said) * _CHAR_MS - out_ms(before.played) < usual


def _within_budget(duet: Duet, speaking: Speaking) -> bool:
    """Another answer can be paid for. If not, the one whose turn it is says so, and it is the end."""
    meter, limits = speaking.context.meter, speaking.context.policy.limits
    if not limits.budget:
        return True
    dearest = max([duet.turn_cost, *(bill.cost for bill in meter.replies.values())])
    unpaid = 1 + sum(not reply.complete for reply in speaking.line)
    if meter.call.cost + unpaid * dearest * _MARGIN <= limits.budget:
        return True
    duet.stopping = "budget"
    if limits.farewell:
        speaking.say(Say(limits.farewell), Origin.SAY, Why.BUDGET, duet.next())
    return False


def steer(speaking: Speaking) -> None:
    """Something is to be known before the next answer: those made without it, and not heard yet, are dropped."""
    speaking.discard(Why.STEERED)
    for reply in list(speaking.line):
        if reply.origin is Origin.DUET and not reply.played and reply.stop_at is None:
            speaking.endings.cut(reply, Why.STEERED)
            speaking.leave(reply)


def recast(duet: Duet, first: str, second: str) -> None:
    """Others take the two seats."""
    seats = dict(zip(duet.speakers, (first, second), strict=True))
    duet.speakers, duet.last = (first, second), seats.get(duet.last, "")


def ended(duet: Duet, reply: Reply) -> None:
    """An answer is over: one of which nothing was heard does not count."""
    if reply.origin is not Origin.DUET:
        return
    if reply.state is State.CUT and not reply.played:
        duet.asked -= 1
        duet.last = duet.other(duet.last)
    silent = reply.state is State.DONE and not reply.text.strip()
    duet.silent = duet.silent + 1 if silent else 0
    if duet.silent >= _SILENT_TURNS:
        duet.stopping = duet.stopping or "done"
