"""A recogniser's worker process: `python -m vivavoce.providers.local.stt_worker NAME`, spoken to by `stt`.

A process of its own although both libraries let go of the GIL, because sherpa-onnx ends the process it is in when a
model is bad, and because a model that takes all cores must not take the event loop's place in line.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

from ..offline.listener import Ears
from ..offline.recogniser import Recogniser, Request, Told
from ..offline.serving import Job, serve
from .store import find


class Rack:
    """Ears that share one model."""

    def __init__(self, make: Callable[[], Ears]) -> None:
        self._make = make

    def take(self, expect: tuple[str, ...]) -> tuple[Ears, list[str]]:
        return self._make(), []

    def put_back(self, ear: Ears) -> None:
        """An ear has nothing that is worth keeping."""


def prepare() -> Callable[[Request, Job], Told]:
    """Load the model; gives the handler of requests."""
    model, folder = find(sys.argv[1])
    make = importlib.import_module(f"{__package__}.{model.kind}").load(model, folder)
    return Recogniser(Rack(make), timed=True).handle


if __name__ == "__main__":
    serve(Request, prepare)
