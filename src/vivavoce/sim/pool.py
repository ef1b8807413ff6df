"""Work spread over processes, in this one where one is enough."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

R = TypeVar("R")


def each(work: Callable[..., R], given: Sequence[tuple[object, ...]], jobs: int | None = None) -> Iterator[R]:
    """What `work` makes of each of these arguments, in the order in which it is done; `jobs`: all cores by default."""
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or len(given) <= 1:
        for arguments in given:
            yield work(*arguments)
        return
    pool = ProcessPoolExecutor(min(jobs, len(given)), mp_context=get_context("spawn"), initializer=_deaf)
    try:
        for done in as_completed([pool.submit(work, *arguments) for arguments in given]):
            yield done.result()
    finally:
        # Whoever is interrupted does not wait for what has not begun.
        pool.shutdown(cancel_futures=True)


def _deaf() -> None:
    """Ctrl-C is the parent's business: a worker that dies of it would leave the parent waiting."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
