"""Usage times price. Everything that was billed counts, also what nobody heard. An unknown price is unpriced, not 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .commands import Usage

Prices = Mapping[tuple[str, str], float]
"""(model, unit) -> money per unit. A model whose name begins with `offline:` costs nothing."""


@dataclass(slots=True)
class Bill:
    """Usage of one reply or one call."""

    amounts: dict[str, float] = field(default_factory=dict)
    """`role:model:unit` -> quantity."""
    cost: float = 0.0
    unpriced: bool = False

    def add(self, usage: Usage, prices: Prices) -> None:
        for unit, quantity in usage.amounts:
            key = f"{usage.role.value}:{usage.model}:{unit}"
            self.amounts[key] = self.amounts.get(key, 0.0) + quantity
            if usage.model.startswith("offline:"):
                continue
            price = prices.get((usage.model, unit))
            if price is None:
                self.unpriced = self.unpriced or quantity > 0
            else:
                self.cost += price * quantity

    def include(self, other: Bill) -> None:
        """All of another bill too."""
        for key, quantity in other.amounts.items():
            self.amounts[key] = self.amounts.get(key, 0.0) + quantity
        self.cost += other.cost
        self.unpriced = self.unpriced or other.unpriced

    @property
    def total(self) -> float | None:
        """None when any of it is unpriced."""
        return None if self.unpriced else self.cost


@dataclass(slots=True)
class Meter:
    prices: Prices = field(default_factory=dict)
    call: Bill = field(default_factory=Bill)
    replies: dict[int, Bill] = field(default_factory=dict)

    def add(self, usage: Usage, reply: int | None) -> None:
        """Negative quantities raise: cost never falls."""
        if any(quantity < 0 for _, quantity in usage.amounts):
            raise ValueError(f"negative usage: {usage}")
        self.call.add(usage, self.prices)
        if reply is not None:
            self.replies.setdefault(reply, Bill()).add(usage, self.prices)

    def take(self, reply: int) -> Bill:
        """The bill of a reply so far."""
        return self.replies.get(reply, Bill())
