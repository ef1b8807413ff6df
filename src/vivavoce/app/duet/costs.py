"""Who spent what in a duet: of each side, by hop, as it is metered; and what was spent on words that nobody heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.commands import Cancel, Command, Generate, Tell
from ...core.conversation import Conversation
from ...core.events import Event, Used
from ...core.meter import Bill, Meter
from ...core.notices import ReplyClosed, ReplyOpened
from ...runtime.observe import Observer

LISTENER = "listener"
"""Whoever is heard: recognition is on their account."""


class Costs(Observer):
    def __init__(self) -> None:
        self._meter = Meter()
        self._speakers: dict[int, str] = {}
        self._unheard: set[int] = set()
        """Replies that are over, of which nothing was heard."""
        self._sides: dict[str, dict[str, Bill]] = {}

    def opened(self, conversation: Conversation, agent: str) -> None:
        self._meter = conversation.context.meter

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case Generate(reply, speaker=speaker) if speaker:
                    self._speakers[reply] = speaker
                case Tell(ReplyOpened(reply, speaker=speaker)) if speaker:
                    self._speakers[reply] = speaker
                case Tell(ReplyClosed(reply, heard="")) | Cancel(reply, attempt=None):
                    self._unheard.add(reply)
                case Tell(ReplyClosed(reply)):
                    self._unheard.discard(reply)
                case _:
                    pass
        if isinstance(event, Used):
            usage, side = event.usage, self._speakers.get(event.reply or 0, LISTENER)
            bills = self._sides.setdefault(side, {}).setdefault(usage.role.value, Bill())
            bills.add(usage, self._meter.prices)

    @property
    def total(self) -> float | None:
        """All of it so far; None where anything has no price."""
        return self._meter.call.total

    def wasted(self) -> Bill:
        """What answers cost of which nothing was heard, as far as they are over."""
        total = Bill()
        for reply in sorted(self._unheard):
            total.include(self._meter.take(reply))
        return total

    def as_dict(self) -> dict[str, Any]:
        """Of each side, by hop: `cost` and `amounts`; then `wasted` and `total`. Money in USD."""
        sides = {
            side: {role: shown(bill) for role, bill in sorted(bills.items())} for side, bills in self._sides.items()
        }
        return {"sides": sides, "wasted": shown(self.wasted()), "total": self.total}


def shown(bill: Bill) -> dict[str, Any]:
    """`cost`, None where it has no price, and `amounts` by model and unit."""
    amounts = {key.partition(":")[2]: round(quantity, 3) for key, quantity in bill.amounts.items()}
    return {"cost": bill.total, "amounts": amounts}
