"""What the outside may know: the payloads of `Tell`. Protocol codecs, pages, logs and callbacks are built on these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Floor(Enum):
    """Who is heard right now."""

    NOBODY = "nobody"
    USER = "user"
    AGENT = "agent"
    BOTH = "both"


class Origin(Enum):
    """What a reply is for."""

    TURN = "turn"
    """It answers a turn of the caller."""
    TOOLS = "tools"
    """It goes on after tools answered."""
    DUET = "duet"
    """One of two agents answers the other."""
    FILLER = "filler"
    """It says that a tool takes long."""
    SAY = "say"
    GREETING = "greeting"
    IDLE = "idle"
    ASKED = "asked"
    APOLOGY = "apology"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class FloorChanged:
    floor: Floor


@dataclass(frozen=True, slots=True)
class UserStarted:
    turn: int
    at: int
    """Caller samples (16 kHz), prefix padding included."""
    item: str
    """The item that the turn becomes if it is committed."""
    over_agent: bool = False
    """It began over the agent's voice: unless `UserTookFloor` follows, it is no turn."""


@dataclass(frozen=True, slots=True)
class UserTookFloor:
    """What began over the agent's voice is a turn. If it interrupts, the replies it cuts are closed after this."""

    turn: int


@dataclass(frozen=True, slots=True)
class UserStopped:
    turn: int
    at: int


@dataclass(frozen=True, slots=True)
class UserSaid:
    """The words of the open turn so far; `final` when they are committed."""

    turn: int
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class UserTurned:
    """A turn was committed to the history as `item`. `start` and `end` in caller samples."""

    turn: int
    item: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class UserDropped:
    """The sound was no turn: noise, or a backchannel whose words are in `text`."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class UserPressed:
    """A key of the caller's telephone, at caller sample `at`. It is neither speech nor a turn."""

    digit: str
    at: int


@dataclass(frozen=True, slots=True)
class IdleTimedOut:
    """Nobody spoke for long: an empty turn `item` at caller sample `at` is answered."""

    item: str
    at: int


@dataclass(frozen=True, slots=True)
class ReplyOpened:
    reply: int
    origin: Origin
    item: str
    ref: str = ""
    """The name that its asker gave it."""
    spoken: bool = True
    """False for words only."""
    speaker: str = ""
    """Which agent of several speaks."""


@dataclass(frozen=True, slots=True)
class ReplyRefused:
    """What was asked for as `ref` will not be made."""

    ref: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReplyDelta:
    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplyAudible:
    """The first sample of the reply is being played."""

    reply: int


@dataclass(frozen=True, slots=True)
class ReplyMade:
    """All text, audio and tool calls of the reply exist; it may not have been heard yet."""

    reply: int
    text: str
    samples: int
    """Of audio (24 kHz) in all."""
    short: str
    """As in `ReplyTextEnded`."""
    usage: tuple[tuple[str, float], ...]
    """('llm:MODEL:output_tokens', 31.0) and so on."""


@dataclass(frozen=True, slots=True)
class ReplyHeard:
    """The caller's client said how much it played; `heard` are the words of it."""

    reply: int
    heard: str
    exact: bool
    samples: int


class Ending(Enum):
    """How a reply ended."""

    DONE = "done"
    CUT = "cut"
    """Interrupted or stopped; `heard` is a prefix of `text`."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ReplyClosed:
    """Exactly one per opened reply."""

    reply: int
    ending: Ending
    text: str
    heard: str
    exact: bool
    """False when no word times were known and `heard` was apportioned by duration."""
    samples: int
    """Samples (24 kHz) that the caller heard."""
    failure: str = ""
    """`code: detail` of a failed reply."""


@dataclass(frozen=True, slots=True)
class ToolStarted:
    reply: int
    call: str
    name: str
    arguments: str
    item: str = ""
    """The call in the history."""
    approval: bool = False
    """It waits for `ToolApproved`."""
    runs: str = "here"
    """Who runs it, as `ToolSpec` has it."""


@dataclass(frozen=True, slots=True)
class ToolSettled:
    """Exactly one per call of a reply that went live."""

    call: str
    name: str
    output: str
    ok: bool


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """Another agent speaks from the next answer on."""

    agent: str


@dataclass(frozen=True, slots=True)
class Transferring:
    """The caller is to be passed on to `to`; the call ends when the last word has been heard."""

    to: str


@dataclass(frozen=True, slots=True)
class TurnReport:
    """One exchange, complete: what was said, heard, how long each hop took and what it cost."""

    turn: int
    """0 for what the agent said unasked."""
    reply: int
    origin: Origin
    user_text: str
    agent_text: str
    heard_text: str
    heard_exact: bool
    interrupted: bool
    gap_ms: int | None
    """First audible sample minus the true end of the caller's turn; None when nothing was heard or nobody spoke."""
    overhead_ms: int | None
    """The part of the gap that no service and no configured silence explains."""
    hops: tuple[tuple[str, int], ...]
    """(name, ms) in order; they sum to `gap_ms`. A negative hop was done ahead of time."""
    usage: tuple[tuple[str, float], ...]
    """('llm:MODEL:output_tokens', 31.0) and so on."""
    cost: float | None
    """None when any of it is unpriced."""
    why: tuple[str, ...]
    """The reasons of the decisions in this exchange, in order."""


Notice = (
    FloorChanged
    | UserStarted
    | UserTookFloor
    | UserStopped
    | UserSaid
    | UserTurned
    | UserDropped
    | UserPressed
    | IdleTimedOut
    | ReplyOpened
    | ReplyRefused
    | ReplyDelta
    | ReplyAudible
    | ReplyMade
    | ReplyHeard
    | ReplyClosed
    | ToolStarted
    | ToolSettled
    | AgentChanged
    | Transferring
    | TurnReport
)
