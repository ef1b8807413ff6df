"""Audio for callers whose client plays by itself: given to them as soon as it may be heard, not when it is due."""

from __future__ import annotations

from collections.abc import Callable

from ..audio.pcm import Pcm
from ..core.events import Sent
from ..providers.base import Post
from ..transports.base import AheadTransport


class Ahead:
    """Keeps the audio of a reply until it is released, and passes it on from then on. On the session's loop."""

    def __init__(self, transport: AheadTransport, post: Post, on_broken: Callable[[Exception], None]) -> None:
        self._transport: AheadTransport | None = transport
        self._post = post
        self._on_broken = on_broken
        self._kept: dict[int, list[Pcm]] = {}
        """Audio of replies that may not be heard yet."""
        self._given: dict[int, int] = {}
        """Samples given of each reply that may."""

    def write(self, reply: int, pcm: Pcm) -> None:
        """More audio of a reply (24 kHz)."""
        if not pcm.size:
            return
        if reply in self._given:
            self._give(reply, pcm)
        else:
            self._kept.setdefault(reply, []).append(pcm.copy())

    def release(self, reply: int) -> None:
        """It may be heard."""
        if reply not in self._given:
            self._given[reply] = 0
            for pcm in self._kept.pop(reply, ()):
                self._give(reply, pcm)

    def flush(self, reply: int) -> None:
        """Nothing more of it is given."""
        self._kept.pop(reply, None)
        self._given.pop(reply, None)

    def _give(self, reply: int, pcm: Pcm) -> None:
        try:
            if self._transport is None or not self._transport.take(reply, pcm):
                return
        except Exception as error:
            self._transport = None
            self._on_broken(error)
            return
        self._given[reply] += pcm.size
        self._post(Sent(reply, self._given[reply]))
