"""The recording of a call: JSON lines from which every decision can be made again.

Line 1 is the header. Each later line is one event and what it led to:

    {"t": 4280, "e": "UserSound", "start": 68096, "samples": 512, "p": 0.93, "c": ["Hold 7 (SPEECH_OVER_AGENT)"]}

`t` is session ms, `e` the class of the event, `c` the rendered commands (left out when there were none); the rest are
the event's fields, left out where they have their default. The last line, `{"end": ...}`, says how the sound beside it
is aligned. Decoding gives back equal events, floats and text to the last bit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, get_args

import msgspec

from ..core.commands import Call, Command, Item, Message, Result
from ..core.errors import BadInput, Misuse
from ..core.events import Event, ItemCreated, ReplyAsked
from ..core.meter import Prices
from ..core.policy import BROWSER, Policy, keys
from ..core.units import IN_RATE, OUT_RATE
from .rendering import render as render

FORMAT = 1
_EVENTS: dict[str, type] = {t.__name__: t for t in get_args(Event)}
_ITEMS: dict[str, type] = {t.__name__: t for t in (Message, Call, Result)}
_DEFAULTS: dict[type, tuple[tuple[str, Any], ...]] = {
    t: tuple((f.name, f.default) for f in fields(t)) for t in _EVENTS.values()
}

_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ASCII_JSON = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


class CaptureError(BadInput):
    """A recording that cannot be read: one line with the place, the cause and the way out."""


@dataclass(frozen=True, slots=True)
class Header:
    """What was known when the call began."""

    version: str
    """Of the package that made the recording."""
    started: str
    """Wall clock, ISO 8601."""
    agent: str
    policy: Policy
    prices: Prices
    contains: str = "speech"
    """What kind of personal data this is."""


@dataclass(frozen=True, slots=True)
class End:
    """What was known when it was over."""

    duration_ms: int
    caller_samples: int
    """In the caller's sound, 16 kHz."""
    agent_samples: int
    """In the agent's sound, 24 kHz."""
    agent_ms: int = 0
    """Session ms of the agent's first sample."""
    caller_at: tuple[tuple[int, int], ...] = ()
    """(sample, session ms at which it was spoken): the caller's first sample, and each one before which there was a
    gap."""


@dataclass(frozen=True, slots=True)
class Step:
    line: int
    """Of the file, from 1."""
    now: int
    """Session ms."""
    event: Event
    commands: tuple[str, ...]
    """As rendered."""


@dataclass(frozen=True, slots=True)
class Capture:
    header: Header
    steps: tuple[Step, ...]
    end: End | None = None
    """None when the recording breaks off."""
    damage: str = ""
    """Why the rest could not be read, where that was asked for."""


# writing


def encode_header(header: Header) -> bytes:
    """The first line."""
    lexicon = header.policy.lexicon
    return _line(
        {
            "vivavoce": "capture",
            "format": FORMAT,
            "version": header.version,
            "started": header.started,
            "agent": header.agent,
            "contains": header.contains,
            "rates": {"in": IN_RATE, "out": OUT_RATE},
            "policy": msgspec.to_builtins(keys(header.policy)),
            "lexicon": {f.name: sorted(getattr(lexicon, f.name)) for f in fields(lexicon)},
            "prices": [[model, unit, price] for (model, unit), price in sorted(header.prices.items())],
        }
    )


def encode_step(now: int, event: Event, commands: Sequence[Command]) -> bytes:
    """The line of one event. Raises Misuse for a number that is not finite."""
    row: dict[str, Any] = {"t": now, "e": type(event).__name__}
    for name, default in _DEFAULTS[type(event)]:
        value = getattr(event, name)
        if default is MISSING or value != default:
            row[name] = _plain(value)
    if commands:
        row["c"] = [render(c) for c in commands]
    return _line(row)


def encode_end(end: End) -> bytes:
    """The last line."""
    return _line({"end": msgspec.to_builtins(end)})


def _plain(value: Any) -> Any:
    if isinstance(value, Message | Call | Result):
        return {"kind": type(value).__name__, **msgspec.to_builtins(value)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return msgspec.to_builtins(value)


def _line(row: Mapping[str, Any]) -> bytes:
    try:
        try:
            return _JSON.encode(row).encode() + b"\n"
        except UnicodeEncodeError:
            # Half a surrogate pair, as models emit when they are cut in the middle of a character.
            return _ASCII_JSON.encode(row).encode() + b"\n"
    except ValueError as error:
        raise Misuse(f"an event with a number that is not finite cannot be recorded: {error}") from error


# reading


def decode(data: bytes, until_damage: bool = False) -> Capture:
    """A whole recording. `until_damage`: where it is damaged, keep what comes before and say why in `damage`.

    Raises `CaptureError`.
    """
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if not lines:
        raise CaptureError("the recording is empty: was the call still going on, or the disk full?")
    header = _header(lines[0])
    reader = _Reader(header.version, whole=data.endswith(b"\n"), count=len(lines))
    damage = ""
    try:
        for number, line in enumerate(lines[1:], start=2):
            reader.read(number, line)
    except CaptureError as error:
        if not until_damage:
            raise
        damage = str(error)
    return Capture(header, tuple(reader.steps), reader.end, damage)


@dataclass(slots=True)
class _Reader:
    version: str
    whole: bool
    """The file ends at the end of a line."""
    count: int
    steps: list[Step] = field(default_factory=list)
    end: End | None = None

    def read(self, number: int, line: bytes) -> None:
        """Take the next line. Raises `CaptureError`."""
        if self.end is not None:
            raise self._damaged(number, "comes after the end")
        try:
            row = json.loads(line)
        except ValueError:
            if number == self.count and not self.whole:
                raise self._damaged(number, "is cut off") from None
            raise self._damaged(number, "is no JSON") from None
        if not isinstance(row, dict):
            raise self._damaged(number, "is no JSON object")
        try:
            if "e" not in row and "end" in row:
                self.end = msgspec.convert(row["end"], End)
            else:
                self.steps.append(self._step(number, row))
        except msgspec.ValidationError as error:
            raise self._damaged(number, f"does not fit: {error}") from None

    def _step(self, number: int, row: dict[str, Any]) -> Step:
        now, name, commands = row.pop("t", None), row.pop("e", None), row.pop("c", [])
        kind = _EVENTS.get(name) if isinstance(name, str) else None
        if kind is None:
            raise CaptureError(
                f"line {number} has an event {name!r} that this version does not know: replay it with vivavoce "
                f"{self.version}, which made it"
            )
        if unknown := row.keys() - {f for f, _ in _DEFAULTS[kind]}:
            raise self._damaged(number, f"gives {name} an unknown {sorted(unknown)[0]!r}")
        now = msgspec.convert(now, int)
        if self.steps and now < self.steps[-1].now:
            raise self._damaged(number, f"goes back in time, from {self.steps[-1].now} to {now} ms")
        return Step(number, now, _event(kind, row), msgspec.convert(commands, tuple[str, ...]))

    def _damaged(self, number: int, how: str) -> CaptureError:
        usable = len(self.steps)
        steps = f"the {usable} steps before it are" if usable != 1 else "the 1 step before it is"
        return CaptureError(
            f"line {number} of the recording {how}: {steps} usable; restore the file, or delete it from that line on"
        )


def _event(kind: type, row: dict[str, Any]) -> Event:
    """Raises `msgspec.ValidationError`."""
    if kind is ItemCreated:
        return ItemCreated(_item(row.get("item")), msgspec.convert(row.get("after"), str | None))
    if kind is ReplyAsked:
        # Its items are of several classes, which msgspec cannot tell apart by itself.
        given = row.pop("items", None)
        items = None if given is None else tuple(map(_item, msgspec.convert(given, list[Any])))
        plain = msgspec.convert(row, _Asked)
        return ReplyAsked(plain.instructions, plain.ref, items, plain.aside, plain.spoken)
    event: Event = msgspec.convert(row, kind)
    return event


class _Asked(msgspec.Struct):
    """A `ReplyAsked` without its items."""

    instructions: str | None = None
    ref: str = ""
    aside: bool = False
    spoken: bool | None = None


def _item(row: Any) -> Item:
    """Raises `msgspec.ValidationError`."""
    fields_of = msgspec.convert(row, dict[str, Any])
    kind = _ITEMS.get(fields_of.pop("kind", ""))
    if kind is None:
        raise msgspec.ValidationError(f"an item of a kind other than {', '.join(_ITEMS)}")
    item: Item = msgspec.convert(fields_of, kind)
    return item


def _header(line: bytes) -> Header:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict) or row.get("vivavoce") != "capture":
        raise CaptureError("line 1 is not the header of a recording: give the capture.jsonl of a vivavoce recording")
    if row.get("format") != FORMAT:
        raise CaptureError(
            f"line 1 says format {row.get('format')!r}, and this version reads format {FORMAT}: use vivavoce "
            f"{row.get('version')}, which made it"
        )
    try:
        prices = msgspec.convert(row.get("prices"), list[tuple[str, str, float]])
        return Header(
            version=msgspec.convert(row.get("version"), str),
            started=msgspec.convert(row.get("started"), str),
            agent=msgspec.convert(row.get("agent"), str),
            policy=_policy(msgspec.convert(row.get("policy"), dict[str, Any]), row.get("lexicon")),
            prices={(model, unit): price for model, unit, price in prices},
            contains=msgspec.convert(row.get("contains"), str),
        )
    except msgspec.ValidationError as error:
        raise CaptureError(f"line 1 of the recording, its header, is damaged: {error}; restore the file") from None


def _policy(settings: dict[str, Any], lexicon: Any) -> Policy:
    """From dotted keys. A key that the recording lacks has its default."""
    if unknown := settings.keys() - keys(BROWSER).keys():
        raise CaptureError(
            f"line 1 has a policy key {sorted(unknown)[0]!r} that this version does not know: use the version that "
            "made the recording"
        )
    nested: dict[str, Any] = {"lexicon": lexicon}
    for key, value in _split(settings):
        room, name = key
        if room:
            nested.setdefault(room, {})[name] = value
        else:
            nested[name] = value
    return msgspec.convert(nested, Policy)


def _split(settings: dict[str, Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    for key, value in settings.items():
        room, _, name = key.rpartition(".")
        yield (room, name), value
