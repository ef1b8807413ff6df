"""A call as text, one dense line per event that caused something: when, who holds the floor, what, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..core.commands import Command, Tell
from ..core.events import Event
from ..core.notices import Floor, FloorChanged
from ..core.units import in_ms, out_ms
from ..wire.rendering import quote, render

_AGENT = {"samples", "lead"}
_CALLER = {"start", "end", "upto", "at"}
_NAMELESS = {"reply", "turn", "call", "kind", "name"}


def lines(steps: Iterable[tuple[int, Event, Sequence[Command]]], everything: bool = False) -> Iterator[str]:
    """The header and one line per step; steps that caused nothing are left out unless `everything`."""
    yield f"{'ms':>7}  {'floor':<6} event -> commands (why)"
    floor = Floor.NOBODY
    for now, event, commands in steps:
        told = []
        for command in commands:
            if isinstance(command, Tell) and isinstance(command.notice, FloorChanged):
                floor = command.notice.floor
            else:
                told.append(render(command))
        if told or everything:
            yield f"{now:>7}  {floor.value:<6} {noun(event)} -> {'; '.join(told) or '-'}"


_ENGINES = {"llms", "ttss", "stts"}
"""How many there are of each: one is nothing to speak of."""


def noun(event: Event) -> str:
    """An event as its name and what it holds; positions and lengths of audio in ms."""
    parts = [type(event).__name__]
    for name in event.__dataclass_fields__:
        value = getattr(event, name)
        if value is None or value is False or value in ((), "", 0.0):
            continue
        if name in _ENGINES and value == 1:
            continue
        parts.append(_field(event, name, value))
    return " ".join(parts)


def _field(event: Event, name: str, value: Any) -> str:
    if value is True:
        return name
    if name in _CALLER:
        return f"{name}={in_ms(value)}ms"
    if name in _AGENT:
        return f"{name}={(in_ms if hasattr(event, 'p') else out_ms)(value)}ms"
    if name in _NAMELESS:
        return str(getattr(value, "value", value))
    if isinstance(value, str):
        return quote(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, float):
        return f"{name}={value:.2f}"
    if isinstance(value, tuple):
        return f"{name}[{len(value)}]"
    return f"{name}={getattr(value, 'value', value)}"
