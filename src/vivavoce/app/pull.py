"""`vivavoce pull`: download a model that an engine on this machine needs."""

from __future__ import annotations

import argparse

from ..core.errors import VivavoceError
from ..providers.local import download, store
from ..providers.local.models import MODELS, File, Model, named


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="a model, as whisper:small; without it, all are listed")
    parser.add_argument("--remove", action="store_true", help="delete the model instead")


def run(args: argparse.Namespace) -> int:
    """Returns the exit code."""
    if args.name is None:
        if args.remove:
            raise VivavoceError("which model? write vivavoce pull --remove NAME")
        print(_listed())
        return 0
    model = named(args.name)
    if model is None:
        raise VivavoceError(f"{args.name!r} cannot be pulled; choose {', '.join(m.name for m in MODELS)}")
    return _remove(model) if args.remove else _pull(model)


def _listed() -> str:
    rows = [("model", "download", "languages", "", "licence")]
    for model in MODELS:
        mark = "here" if store.here(model) else "partly here" if store.incoming(model).exists() else "-"
        rows.append((model.name, _size(model.size), ", ".join(model.languages) or "many", mark, model.licence))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", f"They go to {store.folder()}. To download one: vivavoce pull NAME"])


def _remove(model: Model) -> int:
    print(f"{model.name} is gone" if store.remove(model) else f"{model.name} was not here")
    return 0


def _pull(model: Model) -> int:
    if store.here(model):
        print(f"{model.name} is here: {store.place(model)}")
        return 0
    try:
        pulled = _download(model)
    except KeyboardInterrupt:
        print(f"stopped; to go on from there: vivavoce pull {model.name}")
        return 130
    for file in pulled:
        if not file.verified:
            print(f"not verified, as no digest is known: {file.file.name}, SHA-256 {file.sha256}")
    print(f"{model.name} is here: {store.place(model)} (licence: {model.licence})")
    return 0


def _download(model: Model) -> list[download.Pulled]:
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    rows: dict[str, TaskID] = {}
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()) as bars:

        def progress(file: File, done: int, total: int) -> None:
            if file.name not in rows:
                rows[file.name] = bars.add_task(file.name)
            bars.update(rows[file.name], completed=done, total=total or None)

        return download.pull(model, progress)


def _size(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"
