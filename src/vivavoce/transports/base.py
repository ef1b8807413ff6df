"""What a way to reach a caller must be able to do. Adapters move audio and report facts; they decide nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol, runtime_checkable

from ..audio.frame import Frame
from ..audio.pcm import Pcm
from ..core.commands import Why
from ..core.events import Event
from ..core.notices import Notice

Post = Callable[[Event], None]
"""Puts an event into the session's inbox; call it from the session's loop only; never blocks."""


class Transport(Protocol):
    """One caller, for one call. Everything is called from the session's loop."""

    reports_playback: bool
    """True when the caller's side tells how much it has played: then this is a `ReportingTransport`."""

    def frames(self) -> AsyncIterator[Frame]:
        """The caller's audio, int16 mono at any rate, in frames of any size (20 ms is good), in real time.

        Called once. It paces itself: each frame comes when its last sample has been spoken, on the running loop's
        clock. Silence is sent as silence; where audio is missing altogether, the call's media time stands still. It
        ends when the line is gone; a file that is over goes on as silence for as long as the caller is to be taken
        for present. Whatever it raises ends the call and is reported.
        """
        ...

    def play(self, pcm: Pcm) -> None:
        """One frame for the caller: 480 samples at 24 kHz, not to be altered or kept without a copy.

        Called 50 times a second while a reply sounds, and not at all in between: a line that needs silence makes its
        own. After a stall it is called several times at once. Returns at once and never blocks: when the peer does not
        take it, drop it or post `ProviderFailed(TRANSPORT, "overflow")`. Whatever it raises ends the call and is
        reported.
        """
        ...

    async def close(self) -> None:
        """Hang up and free everything, within a second. Safe at any time, also before `frames`, and twice."""
        ...


@runtime_checkable
class Attached(Protocol):
    """A transport with something to say besides audio: typed turns, commits, stops, hang-ups, reports of playback."""

    def attach(self, post: Post) -> None:
        """Called once, before anything else."""
        ...


@runtime_checkable
class OpenAir(Protocol):
    """A transport whose caller may have loudspeakers beside the microphone, so that the agent's voice can come back."""

    open_air: bool
    """False for a headset that is known to be one."""


@runtime_checkable
class ReportingTransport(Protocol):
    """A transport which knows better than our clock what was played. It owes `Played` events for what it is told here,
    and is `Attached` in order to post them."""

    def sent(self, reply: int, samples: int, final: bool) -> None:
        """The frame just given to `play` ends the first `samples` samples (24 kHz) of `reply`.

        `final`: the reply was cut there; it will get no more. Discard what the caller's side has not played, and
        answer with a final `Played`, soon. Final also comes without any frame, for a reply that never sounded.
        """
        ...


@runtime_checkable
class AheadTransport(Protocol):
    """A transport whose client plays by itself, out of a buffer of its own. It is given audio here as soon as it may
    be heard, and never by `play`; how far the client is meanwhile is estimated from a clock until it reports."""

    ahead_s: float
    """Seconds of unplayed audio that it takes at most."""

    def take(self, reply: int, pcm: Pcm) -> bool:
        """More audio of a reply, int16 mono at 24 kHz, not to be altered or kept without a copy. False when the
        caller's side does not want any more of it. Returns at once, like `play`."""
        ...


@runtime_checkable
class ObservingTransport(Protocol):
    """A transport which tells its caller more than audio, such as a transcript."""

    def observe(self, now: int, notice: Notice, why: Why) -> None:
        """Something happened, at `now` session ms. Returns at once; whatever it raises ends the call and is
        reported."""
        ...
