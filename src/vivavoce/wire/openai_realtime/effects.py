"""What the server machine asks of those who run it, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...audio.pcm import Pcm
from ...core.commands import Message
from ...core.events import Event
from .config import Session
from .messages import DuetBegin, DuetUpdate
from .tools import McpServer


@dataclass(frozen=True, slots=True)
class Send:
    """A message for the client, or for all clients of the session."""

    text: str
    to: int | None = None
    """The connection that it is for; None for all."""


@dataclass(frozen=True, slots=True)
class Hear:
    """The caller's audio: int16 mono at `rate`."""

    pcm: Pcm
    rate: int


@dataclass(frozen=True, slots=True)
class Act:
    """An event for the conversation. It comes after all audio before it."""

    event: Event


@dataclass(frozen=True, slots=True)
class McpTool:
    name: str
    """As the model knows it."""
    label: str
    own_name: str
    """As its server knows it."""
    description: str
    schema: Any
    """JSON schema of its arguments."""
    read_only: bool
    """It changes nothing, by its own account."""
    approval: bool
    """Somebody must approve each call."""


@dataclass(frozen=True, slots=True)
class Configure:
    """From now on the agent is as `session` says, or only in the response `ref`. It comes before the `Act` after it."""

    session: Session
    ref: str = ""
    mcp: tuple[McpTool, ...] = ()
    """The tools that it has from MCP servers."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Ask an MCP server for its tools; answered by `Server.listed`."""

    server: McpServer


@dataclass(frozen=True, slots=True)
class Direct:
    """Two agents are to talk with each other, or something about that is to change. What cannot be done is refused by
    `Server.refuse`."""

    event: DuetBegin | DuetUpdate
    to: int
    """The connection that asked for it."""


@dataclass(frozen=True, slots=True)
class Recognise:
    """Find the words of audio in a created item, then add `item` with them; what follows waits for that. An item that
    is its own `after` is there already, and goes on with these words."""

    pcm: Pcm
    rate: int
    item: Message
    after: str | None


@dataclass(frozen=True, slots=True)
class Shut:
    """Close the connection, or all of them; for those, the session is over."""

    code: int
    reason: str
    to: int | None = None


Effect = Send | Hear | Act | Configure | Connect | Direct | Recognise | Shut
