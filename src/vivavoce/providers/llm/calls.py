"""To which call a fragment of one belongs: servers that are compatible more or less number their calls as they like."""

from __future__ import annotations


class Calls:
    """Counts the calls of one answer.

    A fragment begins a call when it has a name and an id that is new, or no id and an index that is new; anything else
    goes on with what has its id, else its index, else with the last one. So calls that all have index 0 or none stay
    apart, and fragments that each repeat the id, or each make up a new one, stay together.
    """

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._indices: dict[int, int] = {}
        self._count = 0

    def place(self, index: int | None, id_: str | None, name: str | None) -> int:
        """The number of the call to which a fragment belongs."""
        new = id_ not in self._ids if id_ else index not in self._indices
        if self._count == 0 or (name and new):
            place, self._count = self._count, self._count + 1
        else:
            place = self._ids.get(id_ or "", self._indices.get(-1 if index is None else index, self._count - 1))
        if id_:
            self._ids[id_] = place
        if index is not None:
            self._indices[index] = place
        return place
