"""The network of Silero VAD (version 5, 16 kHz) in numpy, for many callers at a time.

A window is little work: a runtime for networks spends more time around it than on it, and much of the rest on a Fourier
transform written as a convolution. Here it is one, and each layer is a single matrix product for all callers.

The weights are Silero's own (MIT: `silero.LICENSE` beside this file); `python -m bench.silero` takes them out of the
published file again.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

Floats: TypeAlias = NDArray[np.float32]

HEARD = 576
"""Samples at 16 kHz that the network looks at: a window of 512, after the end of the one before."""
UNITS = 128
"""What it remembers from window to window, two numbers for each."""
WEIGHTS = Path(__file__).with_name("silero.npz")

_SPECTRUM = 256
"""Samples in each of the four spectra, which begin 128 apart."""
_HOP = 128
_SPECTRA = 4
_MIRRORED = 64
"""So many of the last samples, backwards, fill the last spectrum."""
_STRIDES = (1, 2, 2, 1)
"""Of the four convolutions."""


class Network:
    """Takes `heard`, (calls, 576) float32 of full scale 1, and `state`, (2, calls, 128) float32, zeros at first.

    Returns the probabilities of speech in the windows, (calls,), and the next state. A call's are the same whoever is
    judged with it, but for rounding (below 1e-5).
    """

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._window = weights["window"]
        self._layers = [
            _Convolution(weights[f"encoder.{n}.weight"], weights[f"encoder.{n}.bias"], stride)
            for n, stride in enumerate(_STRIDES)
        ]
        # sigmoid(x) is (tanh(x / 2) + 1) / 2: the gates are halved beforehand, so that one tanh serves all four parts.
        halves = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), UNITS)
        both = np.concatenate([weights["lstm.weight_ih"], weights["lstm.weight_hh"]], axis=1)
        self._recurrent = np.ascontiguousarray((both * halves[:, None]).T)
        self._bias = (weights["lstm.bias_ih"] + weights["lstm.bias_hh"]) * halves
        self._out, self._out_bias = weights["decoder.weight"], weights["decoder.bias"]
        self._libraries = ThreadpoolController().select(user_api="blas").lib_controllers

    def __call__(self, heard: Floats, state: Floats) -> tuple[Floats, Floats]:
        # Products this small take less time than waking threads for them. Everything else has as many as before.
        several = [(library, count) for library in self._libraries if (count := library.get_num_threads()) > 1]
        for library, _ in several:
            library.set_num_threads(1)
        try:
            return self._judge(heard, state)
        finally:
            for library, count in several:
                library.set_num_threads(count)

    def _judge(self, heard: Floats, state: Floats) -> tuple[Floats, Floats]:
        seen = self._spectra(heard)
        for layer in self._layers:
            seen = layer(seen)
        state = self._remember(seen[:, 1], state)
        certainty = np.maximum(state[0], 0) @ self._out + self._out_bias
        return 1 / (1 + np.exp(-certainty)), state

    def _spectra(self, heard: Floats) -> Floats:
        whole = np.concatenate([heard, heard[:, -2 : -2 - _MIRRORED : -1]], axis=1)
        parts = np.empty((len(heard), _SPECTRA, _SPECTRUM), np.float32)
        for n in range(_SPECTRA):
            np.multiply(whole[:, n * _HOP : n * _HOP + _SPECTRUM], self._window, out=parts[:, n])
        frames = np.zeros((len(heard), _SPECTRA + 2, _SPECTRUM // 2 + 1), np.float32)
        np.abs(np.fft.rfft(parts), out=frames[:, 1:-1])
        return frames

    def _remember(self, seen: Floats, state: Floats) -> Floats:
        gates = np.concatenate([seen, state[0]], axis=1) @ self._recurrent
        gates += self._bias
        np.tanh(gates, out=gates)
        take, keep, new, show = (gates[:, n * UNITS : (n + 1) * UNITS] for n in range(4))
        following = np.empty_like(state)
        shown, kept = following
        np.multiply(keep + 1, state[1], out=kept)
        kept += (take + 1) * new
        kept *= 0.5
        np.tanh(kept, out=shown)
        shown *= (show + 1) * np.float32(0.5)
        return following


class _Convolution:
    """Three frames wide, over (calls, frames, channels) with a frame of zeros at either end, in and out."""

    def __init__(self, weight: Floats, bias: Floats, stride: int) -> None:
        _, channels, width = weight.shape
        self._step, self._span = channels * stride, channels * width
        self._stride = stride
        self._weight = weight.T.reshape(self._span, -1)
        self._bias = bias

    def __call__(self, frames: Floats) -> Floats:
        calls, count, _ = frames.shape
        count = (count - 2 + self._stride - 1) // self._stride
        flat = frames.reshape(calls, -1)
        columns = np.empty((calls, count, self._span), np.float32)
        for n in range(count):
            columns[:, n] = flat[:, n * self._step : n * self._step + self._span]
        sums = columns.reshape(calls * count, -1) @ self._weight
        sums += self._bias
        following = np.zeros((calls, count + 2, len(self._bias)), np.float32)
        np.maximum(sums.reshape(calls, count, -1), 0, out=following[:, 1:-1])
        return following


@cache
def load() -> Network:
    """The network as it is published, one for the process. The first time takes some 15 ms."""
    with np.load(WEIGHTS) as weights:
        return Network(dict(weights))
