"""One connection to a hosted recogniser. Adapters translate a vendor's messages to the facts that it tells."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said since the last final. Times are seconds of what was sent on this connection; None: not told."""

    text: str
    final: bool = False
    start: float | None = None
    end: float | None = None
    words: tuple[tuple[float, float], ...] = ()
    """Begin and end of each word of `text`, if told."""
    last: bool = False
    """If `finalise` is waiting for its answer, this is it. Of words that are not final: it expects no change."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The service's own opinion: probability that the turn is over."""

    p: float


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody began to speak, about now."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Up to here (seconds of what was sent) there is nothing but what was told."""

    seconds: float


Fact = Said | Judged | Began | Reached


@dataclass(frozen=True, slots=True)
class Manner:
    """How a service wants to be spoken to, as data. Samples are at 16 kHz."""

    least: int = 800
    """Samples of a message at least; less only before `finalise`."""
    most: int = 16_000
    pad: bool = False
    """Also the last message before `finalise` must have `least` samples: silence fills it up."""
    keep_alive_s: float | None = None
    """Without audio for so long, it wants a sign of life."""
    quiet_s: float | None = 0.7
    """It may leave `finalise` unanswered if nobody spoke: so long without a word means so. None: it always answers."""
    answer_s: float = 3.0
    """Longest wait for final words."""
    settles: bool = False
    """It cannot be made to finalise: words that do not change for `quiet_s` are final."""
    lead: int | None = None
    """Silence before speech that it is sent at the most; None: it gets all."""
    phrases: int = 100
    """Expected phrases that it takes at the most."""
    phrase_chars: int = 100
    """Characters of each."""
    phrases_chars: int = 4_000
    """Characters of all."""


class Link(ABC):
    """A session at a service. Methods raise what the vendor's SDK raises, or `failures.Answered`."""

    @abstractmethod
    async def receive(self) -> Any:
        """The vendor's next message. Raises when the connection is over, ValueError for a message that is none."""

    @abstractmethod
    def read(self, message: Any) -> Iterable[Fact]:
        """What a message says; unknown ones say nothing. Raises `failures.Answered` for one that tells of an error."""

    @abstractmethod
    async def send(self, pcm: bytes) -> None:
        """Audio: int16, 16 kHz."""

    @abstractmethod
    async def finalise(self) -> None:
        """Ask for the final words of all that was sent."""

    @abstractmethod
    async def close(self) -> None:
        """End the session as the vendor likes it ended."""

    def begun(self, message: Any) -> bool:
        """True of the message with which a session begins."""
        return True

    async def greet(self) -> None:
        """Wait until the session has begun."""
        while not self.begun((await self.hear())[0]):
            pass

    async def hear(self) -> tuple[Any, tuple[Fact, ...]]:
        """The next message that makes sense, and what it says."""
        while True:
            try:
                message = await self.receive()
                return message, tuple(self.read(message))
            except (ValueError, TypeError, AttributeError, LookupError) as error:
                _log.debug("a message that makes no sense was passed over: %s", type(error).__name__)

    async def keep_alive(self) -> None:
        """A sign of life."""
        return

    @property
    def socket(self) -> Any:
        """The connection of the `websockets` library below it, for when it does not close by itself."""
        return None
