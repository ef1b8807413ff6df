"""Commands as text: one canonical line each, for people to read and for replays to compare.

Two commands that differ in anything are rendered differently. Only the items of a `Generate` are shortened: to their
number, a checksum and the last of them.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from typing import Any

import msgspec

from ..core import commands as c
from ..core import notices as n
from ..core.units import IN_RATE, OUT_RATE

_PLAIN = re.compile(r"[\w.:/+-]+")


def render(command: c.Command) -> str:
    """As `Flush 7 @1.4s (STOP_WORD)`. Never holds a line break."""
    return f"{type(command).__name__} {_COMMANDS[type(command)](command)} ({command.why.name})"


def _notice(notice: n.Notice) -> str:
    return f"{type(notice).__name__} {_NOTICES[type(notice)](notice)}"


def quote(text: str) -> str:
    """Text in double quotes, on one line."""
    return json.dumps(text, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _word(text: str) -> str:
    """A name as it is, or in quotes where that could be misread."""
    return text if _PLAIN.fullmatch(text) else quote(text)


def _number(value: float) -> str:
    return repr(float(value))


def _seconds(samples: int, rate: int) -> str:
    """Exact to the sample, and short where that is enough."""
    digits = f"{samples / rate:.6f}".rstrip("0").rstrip(".")
    return f"{digits}s"


def _at_in(samples: int) -> str:
    return f"@{_seconds(samples, IN_RATE)}"


def _at_out(samples: int) -> str:
    return f"@{_seconds(samples, OUT_RATE)}"


def _items(items: tuple[c.Item, ...]) -> str:
    if not items:
        return "0 items"
    whole = json.dumps([[type(i).__name__, msgspec.to_builtins(i)] for i in items])
    last = items[-1]
    match last:
        case c.Message(role=role, text=text):
            shown = f"{_word(role)} {quote(text)}"
        case c.Call(name=name, arguments=arguments):
            shown = f"{_word(name)}({quote(arguments)})"
        case c.Result(call=call, output=output):
            shown = f"{_word(call)} = {quote(output)}"
    return f"{len(items)} items #{zlib.crc32(whole.encode()):08x}, last {shown}"


def _generate(x: c.Generate) -> str:
    early = " early" if x.speculative else ""
    instead = "" if x.instructions is None else f" told {quote(x.instructions)}"
    named = f" as {_word(x.ref)}" if x.ref else ""
    return f"{x.reply}{early} of {_items(x.items)}{instead}{named}{_tried(x)}"


def _tried(x: c.Generate | c.Speak) -> str:
    engine = f" of {_word(x.speaker)}" if x.speaker else ""
    engine += f" engine {x.engine}" if x.engine else ""
    return f"{engine} attempt {x.attempt}" if x.attempt else engine


def _closed(x: n.ReplyClosed) -> str:
    heard = "all" if x.heard == x.text else quote(x.heard)
    about = "" if x.exact else " about"
    failure = f" failed {quote(x.failure)}" if x.failure else ""
    return f"{x.reply} {x.ending.value} {_at_out(x.samples)} {quote(x.text)} heard{about} {heard}{failure}"


def _made(x: n.ReplyMade) -> str:
    usage = " ".join(f"{_word(name)}={_number(amount)}" for name, amount in x.usage)
    short = f" short {_word(x.short)}" if x.short else ""
    return f"{x.reply} {_at_out(x.samples)} {quote(x.text)}{short} [{usage}]"


def _report(x: n.TurnReport) -> str:
    hops = " ".join(f"{_word(name)}={ms}" for name, ms in x.hops)
    usage = " ".join(f"{_word(name)}={_number(amount)}" for name, amount in x.usage)
    heard = "all" if x.heard_text == x.agent_text else quote(x.heard_text)
    return (
        f"{x.turn}>{x.reply} {x.origin.value}{' interrupted' if x.interrupted else ''} gap={x.gap_ms} "
        f"overhead={x.overhead_ms} [{hops}] cost={None if x.cost is None else _number(x.cost)} [{usage}] "
        f"user {quote(x.user_text)} agent {quote(x.agent_text)} heard{'' if x.heard_exact else ' about'} {heard} "
        f"why {' '.join(map(_word, x.why))}"
    )


_COMMANDS: dict[type, Callable[[Any], str]] = {
    c.Generate: _generate,
    c.Speak: lambda x: f"{x.reply}.{x.part} {quote(x.text)}{_tried(x)}",
    c.Release: lambda x: f"{x.reply}{' aside' if x.aside else ''}{f' after {x.pause_ms} ms' if x.pause_ms else ''}",
    c.Seal: lambda x: f"{x.reply}{' trimmed' if x.trim else ''}",
    c.Hold: lambda x: f"{x.reply}",
    c.Resume: lambda x: f"{x.reply}",
    c.Duck: lambda x: f"{x.reply} {_number(x.db)} dB",
    c.Flush: lambda x: f"{x.reply} {_at_out(x.samples)}",
    c.Cancel: lambda x: f"{x.reply}" if x.attempt is None else f"{x.reply} attempt {x.attempt}",
    c.Listen: lambda x: f"engine {x.engine} from {_at_in(x.since)}",
    c.Bind: lambda x: f"{x.reply} to {quote(x.ref)}",
    c.FinishWords: lambda x: f"{x.turn} {_at_in(x.upto)}",
    c.ScoreTurn: lambda x: f"{x.turn} {_at_in(x.upto)}",
    c.RunTool: lambda x: f"{x.reply} {_word(x.call)} {_word(x.name)}({quote(x.arguments)})",
    c.CancelTool: lambda x: _word(x.call),
    c.Become: lambda x: _word(x.agent),
    c.Tell: lambda x: _notice(x.notice),
    c.Report: lambda x: f"{x.role.value} {_word(x.code)} {quote(x.detail)}",
    c.EndCall: lambda x: quote(x.reason),
}
_NOTICES: dict[type, Callable[[Any], str]] = {
    n.FloorChanged: lambda x: f"{x.floor.value}",
    n.UserStarted: lambda x: f"{x.turn} {_at_in(x.at)} {_word(x.item)}{' over agent' if x.over_agent else ''}",
    n.UserTookFloor: lambda x: f"{x.turn}",
    n.UserStopped: lambda x: f"{x.turn} {_at_in(x.at)}",
    n.UserSaid: lambda x: f"{x.turn} {quote(x.text)}{' final' if x.final else ''}",
    n.UserTurned: lambda x: (
        f"{x.turn} {_word(x.item)} {quote(x.text)} {_seconds(x.start, IN_RATE)}-{_seconds(x.end, IN_RATE)}"
    ),
    n.UserDropped: lambda x: f"{x.turn} {quote(x.text)}",
    n.UserPressed: lambda x: f"{_word(x.digit)} {_at_in(x.at)}",
    n.IdleTimedOut: lambda x: f"{_word(x.item)} {_at_in(x.at)}",
    n.ReplyOpened: lambda x: (
        f"{x.reply} {x.origin.value} {_word(x.item)}{f' as {_word(x.ref)}' if x.ref else ''}"
        f"{f' by {_word(x.speaker)}' if x.speaker else ''}"
    ),
    n.ReplyRefused: lambda x: f"{_word(x.ref)} {_word(x.code)} {quote(x.detail)}",
    n.ReplyDelta: lambda x: f"{x.reply} {quote(x.text)}",
    n.ReplyAudible: lambda x: f"{x.reply}",
    n.ReplyMade: _made,
    n.ReplyHeard: lambda x: f"{x.reply} {_at_out(x.samples)} {quote(x.heard)}{'' if x.exact else ' about'}",
    n.ReplyClosed: _closed,
    n.ToolStarted: lambda x: (
        f"{x.reply} {_word(x.call)} {_word(x.name)}({quote(x.arguments)}) {_word(x.item)}"
        f"{' approval' if x.approval else ''}"
    ),
    n.ToolSettled: lambda x: f"{_word(x.call)} {_word(x.name)} {'ok' if x.ok else 'failed'} {quote(x.output)}",
    n.AgentChanged: lambda x: _word(x.agent),
    n.Transferring: lambda x: quote(x.to),
    n.TurnReport: _report,
}
