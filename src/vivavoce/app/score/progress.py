"""A bar for work that takes long, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Gives what to call with (parts done, parts in all)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = Console(file=sys.stderr)
    with Progress(*columns, console=shown, transient=True, disable=not sys.stderr.isatty()) as rows:
        task = rows.add_task(what, total=None)
        yield lambda done, of: rows.update(task, completed=done, total=of)
