"""The conversation as its events tell it: which items it has, in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .reading import Event, dig, text


@dataclass(slots=True)
class Item:
    """An item that conversation.item.added has announced."""

    id: str
    kind: str
    role: str
    previous: str | None
    done: bool = False
    truncated: bool = False


class Conversation:
    """Keeps the list of items and holds previous_item_id against it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.order: list[str] = []
        self.items: dict[str, Item] = {}
        self.deleted: set[str] = set()

    @property
    def last(self) -> str | None:
        """The id of the newest item at the end."""
        return self.order[-1] if self.order else None

    @property
    def oldest(self) -> str | None:
        """The id of the first item that is done: it goes when there is no room for another."""
        return next((item_id for item_id in self.order if self.items[item_id].done), None)

    def before(self, item_id: str) -> str | None:
        """The id of the item before one, None for the first."""
        at = self.order.index(item_id)
        return self.order[at - 1] if at else None

    def added(self, event: Event, asked: str | None = None) -> None:
        """An item appears, at the end unless the client asked for a place (an id, or root)."""
        item, previous = event.get("item"), event.get("previous_item_id")
        item_id = text(dig(item, "id"))
        previous = None if previous == "root" else previous
        if item_id in self.items:
            self._say(f"item {item_id} is added twice")
            return
        expected = self.last if asked is None else None if asked == "root" else asked
        if previous is not None and previous not in self.order:
            self._say(f"previous_item_id {previous!r} of {item_id} is no item of the conversation")
        elif previous != expected:
            self._say(f"previous_item_id of {item_id} is {previous!r}, expected {expected!r}")
        at = self.order.index(previous) + 1 if previous in self.order else 0 if previous is None else len(self.order)
        self.order.insert(at, item_id)
        self.deleted.discard(item_id)
        self.items[item_id] = Item(item_id, text(dig(item, "type")), text(dig(item, "role")), previous)

    def done(self, event: Event) -> None:
        """An item is final."""
        item_id, previous = text(dig(event, "item", "id")), event.get("previous_item_id")
        item = self.items.get(item_id)
        if item is None:
            if item_id not in self.deleted:
                self._say(f"item {item_id} is done but was never added")
            return
        if item.done:
            self._say(f"item {item_id} is done twice")
        item.done = True
        previous = None if previous == "root" else previous
        if previous not in (item.previous, self.before(item_id)):
            self._say(f"previous_item_id of {item_id} is {previous!r}, expected {self.before(item_id)!r}")

    def known(self, item_id: object, what: str) -> Item | None:
        """The item an event refers to, which must exist."""
        item = self.items.get(item_id) if isinstance(item_id, str) else None
        if item is None:
            gone = "was deleted" if item_id in self.deleted else "is no item of the conversation"
            self._say(f"{what} names item {item_id!r}, which {gone}")
        return item

    def remove(self, item_id: str) -> None:
        """An item was deleted."""
        item = self.known(item_id, "conversation.item.deleted")
        if item is not None:
            if not item.done and item.role in ("user", "system"):
                self._say(f"item {item_id} is deleted before it is done")
            del self.items[item_id]
            self.order.remove(item_id)
            self.deleted.add(item_id)

    def unfinished(self) -> list[str]:
        """User items added and not yet done."""
        return [item.id for item in self.items.values() if item.role == "user" and not item.done]

    def open(self) -> list[str]:
        """Items added and not yet done."""
        return [f"item {item.id} was added and never done" for item in self.items.values() if not item.done]
