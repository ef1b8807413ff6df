"""The caller's audio on its way in: one resampler, then the same samples to recorder, recogniser and detector."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

import numpy as np

from ..audio.frame import Frame, Framer
from ..audio.levels import Activity
from ..audio.pcm import Pcm
from ..audio.resample import Resampler
from ..core.commands import Role
from ..core.events import ProviderFailed, UserSound
from ..core.units import IN_RATE
from ..providers.base import Post, SharingVad, SttCall, Vad, Vads
from .supervise import as_provider_error

_RECENT_S = 8
_KEPT_S = 30
"""Audio kept for a recogniser that takes over."""
SUPPRESSED = 0.7
"""Echo, by its probability, that the recogniser does not hear."""
_REOPENINGS = 3
"""How often a detector that fails is replaced."""


class Ears:
    """The data plane of one caller. Samples never pass through the inbox: only judgements do.

    Positions count the samples (16 kHz) that came out of the resampler, whatever the frames say of theirs.
    """

    def __init__(
        self,
        vads: Vads,
        stt: SttCall | None,
        post: Post,
        on_pcm: Callable[[Pcm], None],
        remember: bool = False,
        echo: Callable[[Pcm], float] | None = None,
        keeps: bool = False,
    ) -> None:
        """`on_pcm` gets every sample once. `remember`: keep the last 8 s for `recent`. `echo`: how likely a window is
        the agent's own voice. `keeps`: another recogniser may have to take over. Raises what `Vads.open` does."""
        self._vads = vads
        self._attend(vads.open())
        self._stt = stt
        self._post = post
        self._on_pcm = on_pcm
        self._keeps = keeps
        self._echo = echo
        self._framer = Framer(self._vad.window, IN_RATE)
        self._activity = Activity()
        self._resampler: Resampler | None = None
        self._position = 0
        self._failures = 0
        self._kept: deque[tuple[int, Pcm]] = deque()
        """What a recogniser was given last, with positions."""
        self._owed: int | None = None
        """Words are wanted up to here, of a recogniser that is not there yet."""
        self._remember = remember
        self._recent: deque[Pcm] = deque()
        """What came last, up to `_position`: `recent` may be asked for all of 8 s."""
        self._recent_size = 0

    def hear(self, frame: Frame) -> None:
        """Take a frame from the transport. Raises `AudioError` for an impossible rate."""
        if self._resampler is None:
            self._resampler = Resampler(frame.rate, IN_RATE)
        elif self._resampler.src != frame.rate:
            self._take(self._resampler.flush())
            self._resampler = Resampler(frame.rate, IN_RATE)
        self._take(self._resampler.push(frame.pcm))

    def settle(self) -> None:
        """Judge what was heard and still waits for others: something was said after it."""
        if self._shared is not None:
            self._shared.settle()

    def finish(self, upto: int) -> None:
        """Ask the recogniser for its last word about the audio up to `upto`."""
        if self._stt is None:
            self._owed = upto
            return
        try:
            self._stt.finish(upto)
        except Exception as error:
            self._lose_stt(error)

    def deaf(self) -> None:
        """The recogniser hears no more; another one will take over."""
        self._stt = None

    def take_over(self, stt: SttCall, since: int) -> None:
        """From now on this recogniser hears the caller, and first what was said from `since` on."""
        self._stt = stt
        for position, pcm in list(self._kept):
            if position + pcm.size > since:
                skip = max(0, since - position)
                self._give(position + skip, pcm[skip:])
        owed, self._owed = self._owed, None
        if owed is not None:
            self.finish(owed)

    def recent(self, upto: int) -> Pcm:
        """The audio that ends at sample `upto`, 8 s or what there is of them."""
        kept = np.concatenate([np.empty(0, dtype=np.int16), *self._recent])[-_RECENT_S * IN_RATE :]
        return kept[: max(0, kept.size - max(0, self._position - upto))]

    def _take(self, pcm: Pcm) -> None:
        if not pcm.size:
            return
        self._on_pcm(pcm)
        if self._echo is None:
            self._feed(self._position, pcm)
        self._position += pcm.size
        if self._remember:
            self._recent.append(pcm.copy())
            self._recent_size += pcm.size
            while self._recent_size - self._recent[0].size >= _RECENT_S * IN_RATE:
                self._recent_size -= self._recent.popleft().size
        for window in self._framer.push(pcm):
            self._judge(window)

    def _feed(self, position: int, pcm: Pcm) -> None:
        self._give(position, pcm)
        if self._keeps:
            self._kept.append((position, pcm))
            while self._kept[0][0] < position - _KEPT_S * IN_RATE:
                self._kept.popleft()

    def _give(self, position: int, pcm: Pcm) -> None:
        if self._stt is not None:
            try:
                self._stt.feed(position, pcm)
            except Exception as error:
                self._lose_stt(error)

    def _judge(self, window: Frame) -> None:
        """What a window holds. Where echo may come, the recogniser waits for that, and does not hear the agent."""
        echo = 0.0
        if self._echo is not None:
            echo = round(self._echo(window.pcm), 3)
            self._feed(window.start, window.pcm if echo < SUPPRESSED else np.zeros_like(window.pcm))
        self._detect(window, echo)

    def _detect(self, window: Frame, echo: float) -> None:
        if self._failures > _REOPENINGS:
            return
        quiet = self._activity.push(window.pcm)
        judged = partial(self._judged, self._vad, window, quiet, echo)
        try:
            if self._shared is not None:
                self._shared.ask(window.pcm, judged)
                return
            p = self._vad(window.pcm)
        except Exception as error:
            judged(error)
        else:
            judged(p)

    def _judged(self, vad: Vad, window: Frame, quiet: int, echo: float, p: float | Exception) -> None:
        if not isinstance(p, Exception) and not 0.0 <= p <= 1.0:
            p = ValueError(f"a probability of speech of {p}")
        if not isinstance(p, Exception):
            # Four digits are more than any detector means, and keep recordings small.
            self._post(UserSound(window.start, window.pcm.size, round(p, 4), quiet, echo))
        elif vad is self._vad:
            self._replace_vad(p)

    def _attend(self, vad: Vad) -> None:
        self._vad = vad
        self._shared = vad if isinstance(vad, SharingVad) else None

    def _replace_vad(self, error: Exception) -> None:
        self._fail(Role.VAD, error)
        self._failures += 1
        if self._failures > _REOPENINGS:
            return
        try:
            self._attend(self._vads.open())
        except Exception as failure:
            self._failures = _REOPENINGS + 1
            self._fail(Role.VAD, failure)

    def _lose_stt(self, error: Exception) -> None:
        self._stt = None
        self._fail(Role.STT, error)

    def _fail(self, role: Role, error: Exception) -> None:
        failure = as_provider_error(error)
        self._post(ProviderFailed(role, failure.code, failure.detail))
