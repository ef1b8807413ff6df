"""The server's side of the protocol as a machine: messages and notices in, effects out. No clock, no sockets.

`receive` takes what a client sends, `observe` what the conversation tells, `take` the agent's voice. The client's side
of the machine is in `requests`, the conversation's in `telling`; both work on the `State` that they share.
"""

from __future__ import annotations

from ...audio.pcm import Pcm
from ...core.commands import Why
from ...core.events import ToolSpec
from ...core.notices import Notice
from .config import Session
from .effects import Direct, Effect, Send, Shut
from .mcp import Mcp
from .messages import Unreadable, read
from .refusal import Refusal
from .requests import Requests
from .state import State
from .telling import Telling

MAX_BACKLOG_MS = 600_000
"""Audio that may wait to be heard."""


class Server:
    """One session, whose first connection is 0. Sideband connections have other numbers."""

    def __init__(
        self,
        ids: str,
        session: Session,
        expires_at: int,
        plays: bool = False,
        epoch: float = 0.0,
        own: tuple[ToolSpec, ...] = (),
    ) -> None:
        """`ids`: letters and digits that no other session has. `expires_at`: unix seconds. `plays`: we play the agent's
        voice; else the client does. `epoch`: unix seconds when the clock of `now` was at 0. `own`: tools that the agent
        has whatever clients say, and of which they hear nothing."""
        self._state = State(ids, session, expires_at, plays, epoch)
        self._requests = Requests(self._state)
        self._telling = Telling(self._state)
        self._mcp = Mcp(self._state)
        self._mcp.own = own
        self._requests.mcp = self._telling.mcp = self._mcp

    @property
    def id(self) -> str:
        return self._state.id

    @property
    def session(self) -> Session:
        return self._state.session

    def begin(self) -> list[Effect]:
        """The call begins, at the latest with its first connection."""
        self._requests.begin()
        return self._state.effects()

    def attach(self, connection: int = 0) -> list[Effect]:
        """A connection begins: it is told of the session first."""
        self._state.tell({"type": "session.created", "session": self._state.echo()}, to=connection)
        self._requests.begin()
        self._mcp.attached()
        return self._state.effects()

    def listen(self, pcm: Pcm, rate: int) -> None:
        """More of the caller's audio, where it does not come in messages: int16 mono at `rate`."""
        self._requests.listen(pcm, rate)

    def receive(self, now: float, message: str | bytes, connection: int = 0, backlog_ms: float = 0) -> list[Effect]:
        """A message of a client at `now` (seconds of any clock). `backlog_ms`: audio that waits to be heard."""
        event_id = None
        self._state.now = now
        try:
            event = read(message)
            event_id = event.event_id
            if backlog_ms > MAX_BACKLOG_MS:
                self._requests.refuse_audio(event)
            self._requests.take(event, connection)
        except Unreadable as unreadable:
            self._state.error(unreadable.refusal, unreadable.event_id, connection)
        except Refusal as refusal:
            self._state.error(refusal, event_id, connection)
        return self._state.effects()

    def observe(self, now: float, notice: Notice, why: Why) -> list[Effect]:
        """Something happened in the conversation."""
        self._state.now = now
        self._telling.take(notice, why)
        return self._state.effects()

    def take(self, reply: int, pcm: Pcm) -> tuple[bool, list[Effect]]:
        """More of the agent's voice (24 kHz); False when nobody wants any more of this reply."""
        wanted = self._telling.voice(reply, pcm)
        return wanted, self._state.effects()

    def handed_off(self, instructions: str, voice: str, own: tuple[ToolSpec, ...]) -> list[Effect]:
        """Another agent speaks from the next response on; clients hear of it as of an update of the session."""
        self._mcp.own = own
        self._requests.become(instructions, voice)
        return self._state.effects()

    def listed(self, label: str, tools: list[dict[str, object]] | None, error: str = "") -> list[Effect]:
        """An MCP server gave its tools (`name`, `description`, `input_schema`, `read_only`), or did not."""
        self._mcp.listed(label, tools, error)
        return self._state.effects()

    def recognised(self, item: str, text: str, seconds: float) -> list[Effect]:
        """The words of audio in a created item, in the order of the `Recognise` that asked for them."""
        self._telling.recognised(item, text, seconds)
        return self._state.effects()

    def refuse(self, message: str, asked: Direct) -> list[Effect]:
        """What was asked for cannot be done."""
        self._state.error(Refusal("invalid_value", message), asked.event.event_id, asked.to)
        return self._state.effects()

    def expire(self, minutes: int) -> list[Effect]:
        """The session is as old as it may become."""
        message = f"Your session hit the maximum duration of {minutes} minutes."
        self._state.error(Refusal("session_expired", message), None, None)
        return [*self._state.effects(), Shut(1001, message)]

    def broken(self, detail: str) -> list[Effect]:
        """The server itself failed; the session is over."""
        self._state.error(Refusal("internal_error", detail, kind="server_error"), None, None)
        return [*self._state.effects(), Shut(1011, "internal error")]


def text_of(effects: list[Effect]) -> list[str]:
    """The messages among effects."""
    return [effect.text for effect in effects if isinstance(effect, Send)]
