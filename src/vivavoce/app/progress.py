"""A bar for work that takes long, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Told(Protocol):
    def __call__(self, done: int, of: int, note: str = "") -> None: ...


@contextmanager
def bar(what: str) -> Iterator[Told]:
    """Gives what to call with (parts done, parts in all), and a note in red if there is something to say."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("[red]{task.fields[note]}"),
    )
    shown = Console(file=sys.stderr)
    with Progress(*columns, console=shown, transient=True, disable=not sys.stderr.isatty()) as rows:
        task = rows.add_task(what, total=None, note="")

        def told(done: int, of: int, note: str = "") -> None:
            rows.update(task, completed=done, total=of, note=note)

        yield told
