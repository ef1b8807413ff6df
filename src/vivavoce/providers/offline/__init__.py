"""The embedded default: ears and a voice from pip packages alone, without keys or downloads.

Nothing heavy is imported before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .extra import missing, require

if TYPE_CHECKING:
    from ..base import Busy
    from .stt import PocketsphinxStt
    from .tts import EspeakTts
    from .vad import SileroVads


def available() -> list[str]:
    """The packages that are missing, as pip names them; empty when all is there."""
    return missing()


def open_offline(busy: Busy | None = None) -> tuple[SileroVads, PocketsphinxStt, EspeakTts]:
    """Detector, recogniser and synthesiser, cold; `start` of the latter two has their processes ready.

    `busy` is called with +1 when work begins outside the event loop and with -1 when its result is there.
    Raises `ProviderError` code `missing` when the extra is not installed.
    """
    require()
    from .stt import PocketsphinxStt
    from .tts import EspeakTts
    from .vad import SileroVads

    return SileroVads(), PocketsphinxStt(busy), EspeakTts(busy)
