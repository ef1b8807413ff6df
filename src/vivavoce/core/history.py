"""The conversation as items. What the agent said is not stored: it is computed from what was heard.

`request` is always a valid next request to a model: every call is followed by its result, nothing empty is sent.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from .commands import Call, Item, Message, Result
from .tools import State, Tools


@dataclass(frozen=True, slots=True)
class Voice:
    """What the agent's message of one reply says at this moment."""

    text: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Spoken:
    """The place of a reply in the history."""

    id: str
    reply: int


@dataclass(frozen=True, slots=True)
class Called:
    """The place of a tool call; the row has the rest."""

    id: str
    call: str


Entry = Message | Call | Result | Spoken | Called
RUNNING = "(still running)"
"""What a model reads as the result of a call that has not answered yet."""


@dataclass(slots=True)
class History:
    entries: list[Entry] = field(default_factory=list)
    revision: int = 0
    """Grows with every change that could change an answer."""

    def add(self, entry: Entry, after: str | None = None) -> bool:
        """At the end, or after the entry `after` (`root`: at the start). False when `after` is unknown."""
        self.revision += 1
        if after is None:
            self.entries.append(entry)
        elif after == "root":
            self.entries.insert(0, entry)
        else:
            at = self._find(after)
            if at is None:
                return False
            self.entries.insert(at + 1, entry)
        return True

    def remove(self, item: str) -> bool:
        at = self._find(item)
        if at is None:
            return False
        self.revision += 1
        del self.entries[at]
        return True

    def extend(self, more: Message) -> None:
        """More words of the message that has this id."""
        at = self._find(more.id)
        entry = self.entries[at] if at is not None else None
        if at is not None and isinstance(entry, Message):
            text = " ".join(filter(None, (entry.text, more.text)))
            self.entries[at] = replace(entry, text=text, images=(*entry.images, *more.images))
            self.revision += 1

    def reword(self, item: str, text: str) -> None:
        """The words of a message became better known."""
        at = self._find(item)
        entry = self.entries[at] if at is not None else None
        if at is not None and isinstance(entry, Message) and entry.text != text:
            self.entries[at] = replace(entry, text=text)
            self.revision += 1

    def items(self, voice: Callable[[int], Voice], tools: Tools) -> Iterator[Item]:
        """The items as they stand, heard words only; empty messages left out."""
        for entry in self.entries:
            match entry:
                case Spoken(id, reply):
                    said = voice(reply)
                    if said.text:
                        yield Message(id, "agent", said.text, said.interrupted)
                case Called(id, call):
                    row = tools.rows[call]
                    if row.state in (State.WAITING, State.DISCARDED):
                        continue
                    yield Call(id, call, row.name, row.arguments)
                    if row.spec.runs == "here":
                        yield Result(f"{id}_r", call, row.output if row.settled else RUNNING)
                case Message(text=text, images=images):
                    if text or images:
                        yield entry
                case _:
                    yield entry

    def request(self, voice: Callable[[int], Voice], tools: Tools, *extra: Item) -> tuple[Item, ...]:
        """The items for a model, each result right behind its call, orphans left out."""
        return self.in_order([*self.items(voice, tools), *extra])

    def in_order(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Each result right behind its call, orphans left out."""
        out: list[Item] = []
        loose: dict[str, Result] = {}
        for before, item in itertools.pairwise([None, *items]):
            if isinstance(item, Result) and not _answers(item, before):
                loose[item.call] = item
        for item, after in itertools.pairwise([*items, None]):
            if isinstance(item, Call):
                result = after if isinstance(after, Result) and _answers(after, item) else loose.pop(item.call, None)
                out += [item, result or Result(f"{item.id}_r", item.call, RUNNING)]
            elif isinstance(item, Message):
                out.append(item)
        return tuple(out)

    @property
    def ends_spoken(self) -> bool:
        """The agent had the last word."""
        return self.last_spoken is not None

    @property
    def last_spoken(self) -> int | None:
        """The reply that had the last word."""
        last = self.entries[-1] if self.entries else None
        return last.reply if isinstance(last, Spoken) else None

    def has(self, item: str) -> bool:
        return self._find(item) is not None

    def _find(self, item: str) -> int | None:
        return next((n for n, e in enumerate(self.entries) if e.id == item), None)


def _answers(result: Result, item: Item | None) -> bool:
    return isinstance(item, Call) and item.call == result.call
