"""Where pulled models are on disk, and what to say when one is not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..base import ProviderError
from .models import Model, named

VARIABLE = "VIVAVOCE_MODELS"
INCOMING = ".incoming"


def folder(env: Mapping[str, str] | None = None) -> Path:
    """The folder of all models: of this user, unless `VIVAVOCE_MODELS` names another."""
    env = os.environ if env is None else env
    if own := env.get(VARIABLE, ""):
        return Path(own).expanduser()
    # The XDG specification has relative paths ignored.
    cache = Path(env.get("XDG_CACHE_HOME", ""))
    return (cache if cache.is_absolute() else Path.home() / ".cache") / "vivavoce" / "models"


def place(model: Model, env: Mapping[str, str] | None = None) -> Path:
    """The folder of one model, whether it is there or not. It appears at once and whole."""
    return folder(env) / model.vendor / model.model


def incoming(model: Model, env: Mapping[str, str] | None = None) -> Path:
    """Where the files of a model gather before it is whole."""
    return folder(env) / INCOMING / f"{model.vendor}--{model.model}"


def here(model: Model, env: Mapping[str, str] | None = None) -> bool:
    return place(model, env).is_dir()


def lacking(name: str, env: Mapping[str, str] | None = None) -> str:
    """What to do before that model can be used; empty when nothing."""
    model = named(name)
    return "" if model and here(model, env) else f"the model of {name} is not here yet: vivavoce pull {name}"


def find(name: str) -> tuple[Model, Path]:
    """A model that is here. Raises `ProviderError`: `not_found`, or `missing` with what to do about it."""
    model = named(name)
    if model is None:
        raise ProviderError("not_found", f"there is no model {name!r}; vivavoce pull lists what there is")
    if told := lacking(name):
        raise ProviderError("missing", told)
    return model, place(model)


def remove(model: Model) -> bool:
    """Delete a model and what there is of its files. False when there was nothing."""
    there = [path for path in (place(model), incoming(model)) if path.exists()]
    for path in there:
        # Renamed first, so that no half of a model is ever taken for a whole one.
        gone = path.with_name(f".{path.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        path.rename(gone)
        shutil.rmtree(gone)
    return bool(there)
