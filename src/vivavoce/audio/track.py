"""The sound of one reply inside the pacer: what is left of it, how far it is, and how loud."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .fifo import Fifo
from .pcm import Pcm, clip


class Ramp:
    """A gain on its way in a straight line to `goal`."""

    def __init__(self) -> None:
        self.goal = 1.0
        self.left = 0
        """Samples until the goal is reached."""
        self._from = 1.0
        self._length = 1

    @property
    def level(self) -> float:
        """The gain of the last sample."""
        return self.goal + (self._from - self.goal) * self.left / self._length

    def aim(self, goal: float, samples: int) -> None:
        """Reach `goal` in `samples` samples from the level of now; at once if 0."""
        self._from = self.level
        self.goal = goal
        self._length = max(samples, 1)
        self.left = samples

    def take(self, samples: int) -> NDArray[np.float64] | float:
        """The gain of each of the next samples, or one for all of them."""
        if not self.left:
            return self.goal
        left = np.maximum(self.left - np.arange(1, samples + 1), 0)
        gains: NDArray[np.float64] = self.goal + (self._from - self.goal) * left / self._length
        self.left = max(0, self.left - samples)
        return gains


class Track:
    """One reply. `render` moves it on; the rest are the commands of the pacer, without its bookkeeping.

    `fade`: samples of a fade around a cut. `duck`: samples of a change of level.
    """

    def __init__(self, reply: int, limit: int, block: int, fade: int, duck: int) -> None:
        self.reply = reply
        self.position = 0
        """Samples emitted."""
        self.released = False
        self.over = False
        """True when it will never emit another sample."""
        self.flushed = False
        self.starved = False
        """True when it ought to sound and has nothing to say."""
        self._fifo = Fifo(limit, block)
        self._fade = fade
        self._duck = duck
        self._ended = False
        self._full = False
        self._held = False
        self._sounding = False
        self._ramp = Ramp()
        self.pause = 0
        """Samples of silence before its first one."""
        self.early = 0
        """Samples of the reply before it over which it may begin."""
        self._left_out = 0
        self._limit = 0
        """Once flushed: the position where it ends."""
        self._fade_from = 0
        """Once flushed: the position where the fade to that end begins."""

    @property
    def buffered(self) -> int:
        """Samples written and not yet emitted."""
        return len(self._fifo)

    @property
    def left(self) -> int | None:
        """Samples until it is over, from now on; None where that is not known, or while it stands still."""
        return self.buffered if self._ended and not (self._held or self.flushed or self.pause) else None

    def write(self, pcm: Pcm) -> tuple[int, int]:
        """Returns (samples too many for the buffer, samples that came after the end)."""
        if self._ended or self.over:
            return 0, pcm.size
        late = 0
        if self.flushed:
            late = max(0, self.position + self.buffered + pcm.size - max(self._limit, self.position + self.buffered))
            pcm = pcm[: pcm.size - late]
        if self._full:
            return pcm.size, late
        dropped = pcm.size - self._fifo.write(pcm)
        # After a hole no position would mean the same to those who count: what is kept stays a prefix.
        self._full = dropped > 0
        return dropped, late

    def end(self, silence: int = 0) -> None:
        """No more audio will come; so many samples at its end are left out, and count as emitted when it is over."""
        if not self._ended:
            self._left_out = min(silence, self.buffered)
            self._fifo.drop_last(self._left_out)
        self._ended = True

    def rest(self) -> Pcm:
        """What is still to be emitted."""
        return self._fifo.peek()

    def hold(self) -> None:
        """Fall silent within a fade, then keep the position."""
        if not self._held:
            self._held = True
            self._ramp.aim(0.0, round(self._ramp.level * self._fade) if self._sounding else 0)

    def resume(self) -> None:
        """Go on where it was held, and at full level."""
        held, self._held = self._held, False
        if held:
            self._approach(1.0, round((1.0 - self._ramp.level) * self._fade))
        elif self._ramp.goal != 1.0:
            self._approach(1.0, self._duck)

    def duck(self, gain: float) -> None:
        """Change the level to `gain`, 0 to 1. Without effect while held, because resuming is at full level."""
        if not self._held and self._ramp.goal != gain:
            self._approach(gain, self._duck)

    def flush(self, samples: int) -> None:
        """End at `samples`, or within a fade from now if that is past. A later flush can only bring the end nearer."""
        if samples > self.position and not self._held:
            limit = samples
        elif self._sounding:
            left = self._ramp.left if self._held else self._fade
            limit = self.position + min(left, self._fade, self.buffered)
        else:
            limit = self.position
        fade_from = max(self.position, limit - self._fade)
        if self.flushed:
            limit = min(limit, self._limit)
            fade_from = min(fade_from, self._fade_from)
        self.flushed = True
        self._limit = limit
        self._fade_from = fade_from

    def render(self, out: Pcm) -> int:
        """Write the next samples to the start of `out`; returns how many. Fewer than there is room for means that the
        track is over, held or starved."""
        wanted = out.size
        if self.flushed:
            wanted = min(wanted, self._limit - self.position)
        if self._held:
            wanted = min(wanted, self._ramp.left)
        got = self._fifo.read(out[:wanted]) if wanted > 0 else 0
        if got:
            self._shape(out[:got])
            self.position += got
        short = got < wanted
        if self.flushed and (short or self.position >= self._limit):
            # Also when it starves: nobody may be left to send the rest, or to say that there is none.
            self._finish()
        elif self._ended and not self.buffered:
            self._finish()
        elif self._held and (short or not self._ramp.left):
            self._fall_silent()
        elif short and self.position:
            self._fall_silent()
            self.starved = True
        else:
            self._sounding = self.position > 0
            self.starved = False
        return got

    def _approach(self, gain: float, samples: int) -> None:
        if self._sounding:
            self._ramp.aim(gain, samples)
            return
        self._ramp.aim(0.0 if self.position else gain, 0)
        self._ramp.aim(gain, self._fade if self.position else 0)

    def _finish(self) -> None:
        self.over = True
        if not self.flushed:
            self.position += self._left_out
        self.starved = False
        self._sounding = False
        self._fifo.clear()

    def _fall_silent(self) -> None:
        """Not sounding until further notice; then from silence to the level it was meant to have."""
        goal = self._ramp.goal
        self._sounding = False
        self.starved = False
        self._ramp.aim(0.0, 0)
        if not self._held:
            self._ramp.aim(goal, self._fade)

    def _shape(self, pcm: Pcm) -> None:
        """Apply the level, and the fade before a flush, in place."""
        gains = self._ramp.take(pcm.size)
        if self.flushed and self.position + pcm.size > self._fade_from:
            past = np.arange(1, pcm.size + 1) + (self.position - self._fade_from)
            gains = gains * np.clip(1.0 - past / self._fade, 0.0, 1.0)
        elif isinstance(gains, float) and gains == 1.0:
            return
        pcm[:] = clip(pcm * gains)
