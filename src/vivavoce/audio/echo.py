"""Is this sound the agent's own voice coming back? A measure, not a canceller.

Two steps. Where the echo is: the cross-correlation of microphone and loudspeaker, whitened so that pitch does not
matter, has a peak at the delay of the path. How much of the sound it explains: one small adaptive filter per frequency
(recursive least squares over `_TAPS` hops, so a room's first 80 ms) predicts the microphone from the loudspeaker,
before it learns from it. What cannot be predicted came from somebody else; so a caller who speaks over the echo shows
within some 50 ms, and a caller without echo never looks like one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .pcm import Pcm

_HOP = 256
"""16 ms: the step of everything here."""
_FRAME = 2 * _HOP
_BINS = slice(7, 112)
"""220 to 3500 Hz: what small loudspeakers and telephones carry."""
_TAPS = 5
_FORGET = 0.985
_UNSURE = 10.0
"""First variance of a filter tap; full scale is 1."""
_SMOOTH = 0.75
"""Memory of the explained share, per hop: about 60 ms."""

_SEARCH = 8192
_PIECE = 2048
"""Samples of microphone that are looked for in the last `_SEARCH` samples of loudspeaker."""
_LONGEST = _SEARCH - _PIECE
"""Samples (384 ms): the longest delay that is found."""
_SEARCH_HOPS = 2
_SEARCH_FORGET = 0.85
_PEAK = 7.0
"""A delay is believed when its peak is this many times the rms of the correlation."""
_SAME = 64
"""Samples by which a delay may wander without being a new one: the filter follows."""

_FAINT = 1e-3
"""Rms (-60 dBFS) below which there is nothing to learn from."""
_LEAK = 0.03
"""A microphone that is softer than the loudspeaker by this factor (-30 dB) does not hear it."""
_UNHEARD_HOPS = 40
_LEARNING_HOPS = 32
"""Half a second, until the filter is to be believed."""
_CERTAIN = 0.7
_KNOWN_HOPS = 8
"""So soon after certain echo nobody looks for another path."""
_SURPRISE_HOPS = 40
"""0.6 s in which echo was to be expected: so soon after certain echo, what is not explained may be the same echo by
another path, as when a player's buffer ran dry or the voice was paused."""
UNKNOWN = 0.5
_CHECK_HOPS = 64
_EARLY, _LATE = -800, 3200
"""Samples by which the loudspeaker's stream may lag or lead beside the microphone's before they are paired anew."""
_NO_DRIFT = 1 << 62
_KEPT = 2 * _SEARCH
"""Samples of loudspeaker remembered."""


class EchoMeter:
    """Watches the two directions of one call. Both streams are 16 kHz and without gaps; silence counts as well.

    Costs next to nothing while the agent is silent, and 1 to 2 percent of a core while its voice comes back.
    """

    def __init__(self) -> None:
        self._speaker: NDArray[np.float64] = np.zeros(_KEPT)
        self._speaker_end = 0
        self._mic: NDArray[np.float64] = np.zeros(_PIECE)
        self._mic_end = 0
        self._rest: NDArray[np.float64] = np.zeros(0)
        """Microphone samples that wait for their hop to fill."""
        self._offset: int | None = None
        """Loudspeaker position minus microphone position of the same moment."""
        self._lowest_drift = 0
        self._hops = 0
        self._sounding = False
        """Something of the loudspeaker may be heard now."""
        self._certain = -_KNOWN_HOPS
        """The last hop that was surely echo."""
        self._expected = _SURPRISE_HOPS
        """Hops in which echo was to be expected by any path, since the last that was surely echo, and since the
        loudspeaker began to sound."""
        self._unheard = 0
        """Hops in which the loudspeaker should have been heard, and was not."""
        self._delay: int | None = None
        self._spectrum: NDArray[np.complex128] = np.zeros(_SEARCH // 2 + 1, dtype=np.complex128)
        self._energy = 0.0
        self._unexplained = 0.0
        self._restart()

    @property
    def delay(self) -> int | None:
        """Samples (16 kHz) from loudspeaker to microphone, as these two streams are paired; None until known."""
        return self._delay

    def played(self, pcm: Pcm) -> None:
        """The next samples (16 kHz) on their way to the loudspeaker."""
        kept = pcm[-_KEPT:].astype(np.float64) / 32768.0
        self._speaker = np.concatenate((self._speaker[kept.size :], kept))
        self._speaker_end += pcm.size

    def heard(self, pcm: Pcm, offset: int | None = None) -> float:
        """The next samples (16 kHz) of the microphone. Returns the probability, 0 to 1, that the end of them is echo.

        The path is known after about half a second of echo. Until then, and when a known path suddenly explains nothing
        any more, it is at least `UNKNOWN` while the loudspeaker sounds, unless that has sounded for a while without
        being heard. `offset`: loudspeaker position minus microphone position of the same moment, where that is known
        better than by when the samples come."""
        self._rest = np.concatenate((self._rest, pcm.astype(np.float64) / 32768.0))
        whole = self._rest.size // _HOP * _HOP
        if offset is None:
            self._pair(whole)
        else:
            self._pair_by(offset)
        for start in range(0, whole, _HOP):
            self._mic = np.concatenate((self._mic[_HOP:], self._rest[start : start + _HOP]))
            self._mic_end += _HOP
            self._step()
        self._rest = self._rest[whole:]
        if self._delay is None:
            return UNKNOWN if self._sounding and self._unheard < _UNHEARD_HOPS else 0.0
        doubt = self._learnt < _LEARNING_HOPS or self._expected < _SURPRISE_HOPS
        if self._energy <= 0.0:
            return UNKNOWN if doubt and self._sounding else 0.0
        explained = 1.0 - self._unexplained / self._energy
        found = min(1.0, max(0.0, (explained - 0.3) / 0.4))
        if found >= _CERTAIN:
            self._certain, self._expected = self._hops, 0
        return max(found, UNKNOWN) if doubt else found

    def _pair(self, coming: int) -> None:
        """Decide which loudspeaker sample belongs to which microphone sample, and again when one stream stalled."""
        ahead = self._speaker_end - (self._mic_end + coming)
        if self._offset is None:
            self._offset = ahead
        self._lowest_drift = min(self._lowest_drift, ahead - self._offset)
        if self._hops % _CHECK_HOPS == 0:
            if not _EARLY <= self._lowest_drift <= _LATE:
                self._offset += self._lowest_drift
            self._lowest_drift = _NO_DRIFT

    def _pair_by(self, offset: int) -> None:
        """The pairing is given. Where it changes, the same samples stay together."""
        if self._offset is not None and self._delay is not None:
            self._delay += offset - self._offset
            if not _HOP <= self._delay <= _LONGEST:
                self._delay = None
                self._restart()
        self._offset = offset

    def _step(self) -> None:
        self._hops += 1
        sounding = self._loudspeaker(0, _SEARCH)
        level = _rms(sounding)
        if level >= _FAINT and not self._sounding:
            # After silence a player begins anew, and its path may be longer or shorter than before.
            self._expected = 0
            self._spectrum[:] = 0.0
        self._sounding = level >= _FAINT
        if not self._sounding:
            self._inputs[:] = 0.0
            self._energy = 0.0
            return
        loud = _rms(self._mic[-_FRAME:]) > _FAINT
        if _rms(sounding[:_PIECE]) >= _FAINT:
            # It sounded longer ago than any path takes.
            self._expected += 1
            self._unheard += _rms(self._mic) < _LEAK * level
        if loud and self._hops % _SEARCH_HOPS == 0 and self._hops - self._certain > _KNOWN_HOPS:
            self._search(sounding)
        if self._delay is None:
            return
        self._inputs[:, 1:] = self._inputs[:, :-1].copy()
        self._inputs[:, 0] = _spectrum(self._loudspeaker(self._delay - _HOP, _FRAME))
        if loud:
            self._predict(_spectrum(self._mic[-_FRAME:]))
        else:
            self._energy = 0.0

    def _loudspeaker(self, before: int, samples: int) -> NDArray[np.float64]:
        """The `samples` samples that end `before` samples before the microphone's end; silence where unknown."""
        end = self._mic_end + (self._offset or 0) - before - self._speaker_end + _KEPT
        start = end - samples
        if start >= 0 and end <= _KEPT:
            return self._speaker[start:end]
        found = self._speaker[max(0, start) : max(0, end)]
        out = np.zeros(samples)
        at = min(samples, max(0, -start))
        out[at : at + found.size] = found
        return out

    def _search(self, sounding: NDArray[np.float64]) -> None:
        piece = np.zeros(_SEARCH)
        piece[-_PIECE:] = self._mic * _PIECE_WINDOW
        cross = np.fft.rfft(piece) * np.conj(np.fft.rfft(sounding))
        size = np.abs(cross)
        cross *= _SEARCH_BAND / (size + 1e-3 * size.max() + 1e-12)
        self._spectrum = _SEARCH_FORGET * self._spectrum + (1.0 - _SEARCH_FORGET) * cross
        match = np.abs(np.fft.irfft(self._spectrum)[:_LONGEST])
        delay = int(np.argmax(match))
        # The filter begins one hop before the peak, since the first sound to arrive need not be the strongest.
        found = max(delay, _HOP)
        if match[delay] > _PEAK * _rms(match) and (self._delay is None or abs(found - self._delay) > _SAME):
            self._delay = found
            self._restart()

    def _restart(self) -> None:
        count = _BINS.stop - _BINS.start
        self._inputs: NDArray[np.complex128] = np.zeros((count, _TAPS), dtype=np.complex128)
        self._taps: NDArray[np.complex128] = np.zeros((count, _TAPS), dtype=np.complex128)
        self._doubt: NDArray[np.complex128] = np.tile(np.eye(_TAPS) * (_UNSURE + 0j), (count, 1, 1))
        """Inverse correlation of the inputs, per frequency."""
        self._learnt = 0
        """Hops of echo that the filter has learnt from."""

    def _predict(self, heard: NDArray[np.complex128]) -> None:
        inputs = self._inputs
        error = heard - np.einsum("bk,bk->b", self._taps, inputs)
        keep = _SMOOTH if self._energy else 0.0
        self._energy = keep * self._energy + (1.0 - _SMOOTH) * _power(heard)
        self._unexplained = keep * self._unexplained + (1.0 - _SMOOTH) * _power(error)
        if _power(inputs) < _FAINT**2 * inputs.size * _FRAME / 4:
            return
        self._learnt += 1
        # Recursive least squares. The doubt is bounded, or it would grow without end at frequencies that are silent.
        step = np.einsum("bij,bj->bi", self._doubt, np.conj(inputs))
        gain = step / (_FORGET + np.einsum("bk,bk->b", inputs, step).real)[:, np.newaxis]
        self._taps += gain * error[:, np.newaxis]
        self._doubt -= gain[:, :, np.newaxis] * np.conj(step)[:, np.newaxis, :]
        # It equals its conjugate transpose. What rounding adds against that would grow by 1 / `_FORGET` in every hop.
        self._doubt = (self._doubt + np.conj(self._doubt.transpose(0, 2, 1))) / 2.0
        trace = np.einsum("bkk->b", self._doubt).real
        growth = np.minimum(1.0 / _FORGET, _TAPS * _UNSURE * 10.0 / np.maximum(trace, 1e-30))
        self._doubt *= growth[:, np.newaxis, np.newaxis]


def _spectrum(frame: NDArray[np.float64]) -> NDArray[np.complex128]:
    return np.fft.rfft(frame * _FRAME_WINDOW)[_BINS]


def _rms(samples: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.dot(samples, samples) / samples.size))


def _power(spectrum: NDArray[np.complex128]) -> float:
    return float(np.sum(np.square(spectrum.real) + np.square(spectrum.imag)))


_FRAME_WINDOW = np.sqrt(np.hanning(_FRAME + 1)[:_FRAME])
_PIECE_WINDOW = np.hanning(_PIECE)
_SEARCH_HZ = np.fft.rfftfreq(_SEARCH, 1 / 16_000)
_SEARCH_BAND = ((_SEARCH_HZ > 200) & (_SEARCH_HZ < 3800)).astype(np.float64)
