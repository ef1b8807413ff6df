"""The package's instant engines, with a detector that costs nothing either."""

from __future__ import annotations

import numpy as np

from vivavoce.app.instant import LOUD, InstantLlm, InstantStt, InstantTts
from vivavoce.providers.base import Pcm
from vivavoce.runtime.engines import Engines


class LoudVad:
    """What is loud is speech."""

    window = 512

    def __call__(self, pcm: Pcm) -> float:
        return 1.0 if int(np.abs(pcm).max(initial=0)) >= LOUD else 0.0


class LoudVads:
    def open(self) -> LoudVad:
        return LoudVad()


def engines(llm: InstantLlm | None = None) -> Engines:
    return Engines(LoudVads(), llm or InstantLlm(), InstantTts(), InstantStt())
