"""The player without a clock: one frame per call, each reply in its turn, exact to the sample.

Whoever owns the clock calls `frame` once per frame time. Replies sound one at a time in the order of their release; the
next begins at the very sample after the last of the one before, so many samples later, or so many earlier, over its
end. Where sound is cut it fades, and the samples of the fade count as played: `position` is always what was truly
emitted.

Where the sound breaks off with nothing left to fade (an underrun, a flush at the end of what was there), its last value
falls to zero over the length of a fade. That tail belongs to no reply and is not counted.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .levels import trail_silence
from .mix import lay_out
from .pcm import AudioError, Pcm, clip, gain_of
from .track import Track

_FADE_MS = 5
_DUCK_MS = 15
_LIVE = 64
"""Most replies kept before they are over; beyond, the oldest that was never released is given up."""
_DEAD = 256
"""Most replies remembered after they are over."""


class Progress(NamedTuple):
    """How far a reply is."""

    reply: int
    samples: int
    """Samples of it emitted so far, fades included."""
    final: bool
    """True once after a flush: nothing more of it will be emitted."""


class Voice(NamedTuple):
    """The sound of one reply in a frame."""

    reply: int
    at: int
    """Sample of the frame at which it begins."""
    pcm: Pcm
    """Not to be altered, and only good until the next frame."""


class PacerFrame(NamedTuple):
    """What one call of `Pacer.frame` gives."""

    pcm: Pcm
    """Exactly one frame; not to be altered."""
    played: list[Progress]
    """The replies that moved in this frame, and those that a flush ended since the last one."""
    underrun: bool
    """True when a reply ought to have sounded here and had no audio."""
    voices: list[Voice]
    """What the frame is made of."""


class Pacer:
    """Plays replies, frame by frame. All its commands are idempotent, and harmless for a reply it does not know.

    Not thread safe: one owner calls everything.
    """

    def __init__(self, rate: int = 24_000, frame_ms: int = 20, max_buffered_s: float = 120.0) -> None:
        """`max_buffered_s`: seconds of unplayed audio kept per reply. Raises `AudioError` for a frame that is not a
        whole number of samples."""
        if frame_ms < 1 or rate * frame_ms < 1000 or rate * frame_ms % 1000:
            raise AudioError(f"{frame_ms} ms at {rate} is no whole number of samples; use 10 or 20 ms at 24000")
        self.rate = rate
        self.frame_samples = rate * frame_ms // 1000
        self.underruns = 0
        """How often a reply ran dry in its middle."""
        self.late_samples = 0
        """Samples that came for a reply after its end, and were dropped."""
        self._fade = max(1, rate * _FADE_MS // 1000)
        self._duck = max(1, rate * _DUCK_MS // 1000)
        self._limit = int(max_buffered_s * rate)
        self._live: dict[int, Track] = {}
        self._line: deque[Track] = deque()
        """The released replies, the sounding one first."""
        self._dead: OrderedDict[int, tuple[int, bool]] = OrderedDict()
        """Position, and whether it was reported as final, of replies that are over."""
        self._finals: list[Progress] = []
        self._tail: NDArray[np.float64] | None = None
        self._last = 0
        """The last sample of the last frame, tails aside."""
        self._silence: Pcm = np.zeros(self.frame_samples, dtype=np.int16)
        self._silence.setflags(write=False)

    @property
    def idle(self) -> bool:
        """True when every released reply is over and reported: frames are silent until something is released."""
        return not self._line and not self._finals and self._tail is None

    def buffered(self, reply: int) -> int:
        """Samples written and not yet emitted."""
        track = self._live.get(reply)
        return track.buffered if track else 0

    def position(self, reply: int) -> int:
        """Samples emitted; 0 for a reply never heard of, or over long ago."""
        track = self._live.get(reply)
        return track.position if track else self._dead.get(reply, (0, True))[0]

    def write(self, reply: int, pcm: Pcm) -> int:
        """Append audio (a copy is kept). Returns the samples that did not fit, normally 0.

        Once some did not fit, no more of that reply is taken, so that what is kept is a prefix. Audio for a reply that
        is over or was said to be complete is dropped and counted in `late_samples`, not returned.
        """
        if reply in self._dead:
            self.late_samples += pcm.size
            return 0
        track = self._open(reply)
        if track is None:
            return pcm.size
        dropped, late = track.write(pcm)
        self.late_samples += late
        return dropped

    def end(self, reply: int, trim: bool = False) -> None:
        """No more audio will come for this reply; it is over when what is there has been played. `trim`: silence at
        its end is left out, and counts as played."""
        if reply not in self._dead and (track := self._open(reply)):
            track.end(trail_silence(track.rest(), self.rate) if trim else 0)

    def release(self, reply: int, pause: int = 0) -> None:
        """The reply may sound, after those released before it and `pause` samples of silence; a negative pause lets it
        begin over the last samples of the one before, if its end is known by then. It need not have audio yet."""
        if reply in self._dead:
            return
        track = self._open(reply)
        if track and not track.released:
            track.released, track.pause, track.early = True, max(0, pause), max(0, -pause)
            self._line.append(track)

    def drop(self, reply: int) -> None:
        """Forget a reply that was not released, without a word about it."""
        track = self._live.get(reply)
        if track is not None and not track.released:
            del self._live[reply]
            self._remember(reply, 0, True)

    def hold(self, reply: int) -> None:
        """Fade out and pause; keeps the audio and the turn in the line."""
        for track in self._together(reply):
            track.hold()

    def resume(self, reply: int) -> None:
        """Go on at the exact sample where it was held, fading in; also undoes `duck`."""
        for track in self._together(reply):
            track.resume()

    def duck(self, reply: int, db: float) -> None:
        """Lower the reply by `db` (0 or negative) until it is resumed. Raises `AudioError` for no number."""
        if math.isnan(db):
            raise AudioError("a level of nan dB is impossible; use 0 or less")
        for track in self._together(reply):
            track.duck(min(1.0, gain_of(db)))

    def flush(self, reply: int, samples: int) -> None:
        """Nothing past `samples`: play up to there if that is still to come, else stop now, both with a fade.

        Reported as final exactly once, when it has stopped. A reply that was not released, or that is held, stops at
        once; one that runs out of audio on the way stops there; one that had already been played to its end is
        reported where it ended. A reply never heard of is reported at 0, and its audio will be dropped.
        """
        track = self._live.get(reply)
        if track is None:
            position, told = self._dead.get(reply, (0, False))
            if not told:
                self._finals.append(Progress(reply, position, True))
                self._remember(reply, position, True)
            return
        track.flush(samples if track.released else 0)
        if track.released and (samples > 0 or track.position or self._line[0] is track):
            return
        if track.released:
            self._line.remove(track)
        self._finals.append(Progress(reply, 0, True))
        del self._live[reply]
        self._remember(reply, 0, True)

    def frame(self) -> PacerFrame:
        """The next frame. Call it once per frame time, also while idle."""
        if self.idle:
            return PacerFrame(self._silence, [], False, [])
        played, self._finals = self._finals, []
        out = np.zeros(self.frame_samples, dtype=np.int16)
        cuts: list[tuple[int, int]] = []
        filled = 0
        underrun = False
        voices: list[Voice] = []
        over = self._over_the_end()
        last, self._last = self._last, 0
        while self._line and filled < out.size:
            track = self._line[0]
            if track.pause:
                quiet = min(track.pause, out.size - filled)
                track.pause -= quiet
                filled += quiet
                last = 0
                continue
            was_starved = track.starved
            got = track.render(out[filled:])
            if got:
                voices.append(Voice(track.reply, filled, out[filled : filled + got]))
            filled += got
            if got or filled == 0:
                last = int(out[filled - 1]) if got else last
                if track.flushed if track.over else filled < out.size:
                    cuts.append((filled, last))
            # The end of a reply may be told late; only what goes on after a break was broken.
            self.underruns += was_starved and got > 0
            underrun = underrun or track.starved
            if got or track.over:
                self._report(track, got, played)
            if not track.over:
                self._last = last if filled == out.size else 0
                break
            self._line.popleft()
            if over is not None:
                # The rest of the frame is that of the one that began over its end.
                break
        if over is not None:
            out = self._add(over, out, cuts, played)
            voices.append(over)
        return PacerFrame(self._with_tails(out, cuts), played, underrun, voices)

    def _over_the_end(self) -> Voice | None:
        """What sounds in the next frame of a reply that begins before the one before it is over."""
        if len(self._line) < 2:
            return None
        first, second = self._line[0], self._line[1]
        at = 0
        if not second.position:
            left = first.left
            if not second.early or left is None or left - second.early >= self.frame_samples:
                return None
            at = max(0, left - second.early)
        pcm = np.zeros(self.frame_samples - at, dtype=np.int16)
        got = second.render(pcm)
        return Voice(second.reply, at, pcm[:got]) if got or second.over else None

    def _add(self, over: Voice, out: Pcm, cuts: list[tuple[int, int]], played: list[Progress]) -> Pcm:
        """The frame with the one that sounds over the end of another."""
        track, end = self._live[over.reply], over.at + over.pcm.size
        if over.pcm.size and (track.flushed if track.over else end < out.size):
            cuts.append((end, int(over.pcm[-1])))
        if self._line[0] is track and end == out.size:
            self._last = int(over.pcm[-1])
        if track.over:
            self._line.remove(track)
        self._report(track, over.pcm.size, played)
        return lay_out(((0, out), (over.at, over.pcm)), out.size)

    def _together(self, reply: int) -> list[Track]:
        """The reply, and the one that sounds over its end."""
        track = self._live.get(reply)
        if track is None:
            return []
        over = track.released and self._line[0] is track and len(self._line) > 1 and self._line[1].position > 0
        return [track, self._line[1]] if over else [track]

    def _with_tails(self, out: Pcm, cuts: list[tuple[int, int]]) -> Pcm:
        """Let the last value before each cut (place, value) fall to zero, into the next frame if need be."""
        cuts = [(at, value) for at, value in cuts if value]
        if self._tail is None and not cuts:
            return out
        wide = np.zeros(out.size + self._fade)
        wide[: out.size] = out
        if self._tail is not None:
            wide[: self._fade] += self._tail
        slope = np.arange(self._fade - 1, -1, -1) / self._fade
        for at, value in cuts:
            wide[at : at + self._fade] += value * slope
        rest = wide[out.size :]
        self._tail = rest.copy() if rest.any() else None
        return clip(wide[: out.size])

    def _report(self, track: Track, got: int, played: list[Progress]) -> None:
        final = track.over and track.flushed
        if got or final:
            played.append(Progress(track.reply, track.position, final))
        if track.over:
            del self._live[track.reply]
            self._remember(track.reply, track.position, final)

    def _open(self, reply: int) -> Track | None:
        """The track of a reply that is not over, new if need be; None when there are too many."""
        track = self._live.get(reply)
        if track is None:
            if len(self._live) >= _LIVE and not self._give_up():
                return None
            track = Track(reply, self._limit, self.rate, self._fade, self._duck)
            self._live[reply] = track
        return track

    def _give_up(self) -> bool:
        """Make room: the oldest reply that was never released is over."""
        track = next((track for track in self._live.values() if not track.released), None)
        if track is None:
            return False
        del self._live[track.reply]
        self._remember(track.reply, 0, False)
        return True

    def _remember(self, reply: int, position: int, told: bool) -> None:
        self._dead[reply] = (position, told)
        if len(self._dead) > _DEAD:
            self._dead.popitem(last=False)
