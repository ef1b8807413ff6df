"""A call as text, one dense line per event that caused something: when, who holds the floor, what, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..core.commands import Command, Generate, Message, Tell
from ..core.events import Event, UserSound
from ..core.notices import Floor, FloorChanged
from ..core.units import in_ms, out_ms

_SAMPLES = {"samples": out_ms, "played": out_ms, "lead": out_ms}
_CALLER = {"start": in_ms, "end": in_ms, "upto": in_ms, "at": in_ms}


def lines(steps: Iterable[tuple[int, Event, list[Command]]], everything: bool = False) -> Iterator[str]:
    """The header and one line per step; steps that caused nothing are left out unless `everything`."""
    yield f"{'ms':>7}  {'floor':<6} event -> commands (why)"
    floor = Floor.NOBODY
    for now, event, commands in steps:
        for c in commands:
            if isinstance(c, Tell) and isinstance(c.notice, FloorChanged):
                floor = c.notice.floor
        told = [command(c) for c in commands if not (isinstance(c, Tell) and isinstance(c.notice, FloorChanged))]
        if told or everything:
            yield f"{now:>7}  {floor.value:<6} {noun(event)} -> {'; '.join(told) or '-'}"


def command(c: Command) -> str:
    """One command with its reason."""
    if isinstance(c, Tell):
        return f"tell {noun(c.notice)} ({c.why.name})"
    if isinstance(c, Generate):
        last = c.items[-1] if c.items else None
        text = last.text if isinstance(last, Message) else type(last).__name__
        early = " early" if c.speculative else ""
        return f"Generate{early} {c.reply} of {len(c.items)} items, last {text!r} ({c.why.name})"
    return f"{noun(c)} ({c.why.name})"


def noun(x: Any) -> str:
    """An event, notice or command as its name and fields, times in ms."""
    parts = []
    for name in x.__dataclass_fields__:
        value = getattr(x, name)
        if name == "why" or (value in (None, (), "") and not isinstance(value, bool)):
            continue
        parts.append(_field(x, name, value))
    return " ".join([type(x).__name__, *parts])


def _field(x: Any, name: str, value: Any) -> str:
    if name in ("reply", "turn", "part"):
        return f"{value}" if name != "part" else f"part {value}"
    if isinstance(value, bool):
        return name if value else f"not-{name}"
    if isinstance(x, UserSound) and name == "samples":
        return ""
    if name in _SAMPLES and isinstance(value, int):
        return f"{name}={_SAMPLES[name](value)}ms"
    if name in _CALLER and isinstance(value, int):
        return f"{name}@{_CALLER[name](value)}ms"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, float):
        return f"{name}={value:.2f}"
    if isinstance(value, tuple):
        return f"{name}[{len(value)}]"
    return f"{getattr(value, 'value', value)}"
