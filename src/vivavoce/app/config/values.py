"""Values of settings, from a file or as text: checked, or refused with what is expected."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...core.errors import BadInput, PolicyError
from ...core.policy import BROWSER, changed
from ...providers.catalogue import ROWS
from .table import Kind, Setting

_SWITCHES = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_TEXTS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.TEXT: str,
    Kind.COUNT: lambda text: text if text == "auto" else str(int(text)),
    Kind.WHOLE: int,
    Kind.NUMBER: float,
    Kind.SWITCH: lambda text: _SWITCHES[text.strip().lower()],
    Kind.PATH: lambda text: Path(text).expanduser(),
    Kind.NAMES: lambda text: tuple(name.strip() for name in text.split(",") if name.strip()),
    Kind.TEXTS: lambda text: tuple(part.strip() for part in text.split("|") if part.strip()),
}
"""From the text of an environment variable."""


def from_text(setting: Setting, text: str, where: str) -> Any:
    """A value of the environment. Raises BadInput, beginning with `where`."""
    try:
        value = _TEXTS[setting.kind](text)
    except (ValueError, KeyError):
        raise BadInput(f"{where} needs {expected(setting)}, not {text!r}") from None
    return _allowed(setting, value, where)


def from_toml(setting: Setting, raw: Any, where: str, folder: Path) -> Any:
    """A value of a file in `folder`. Raises BadInput, beginning with `where`."""
    value = _typed(setting.kind, raw, folder)
    if value is None:
        raise BadInput(f"{where} needs {expected(setting)}, not {_toml(raw)}")
    return _allowed(setting, value, where)


def expected(setting: Setting) -> str:
    """What a value must be, in words."""
    if setting.choices:
        return f"one of {', '.join(setting.choices)}"
    match setting.least, setting.most:
        case None, None:
            return setting.kind.value
        case least, None:
            return f"{setting.kind.value} from {least:g} up"
        case least, most:
            return f"{setting.kind.value} from {least:g} to {most:g}"


def _typed(kind: Kind, raw: Any, folder: Path) -> Any:
    """None for a value of another type. Paths of a file begin where the file is."""
    listed = (raw,) if isinstance(raw, str) else raw
    match kind:
        case Kind.NAMES | Kind.TEXTS if isinstance(listed, list | tuple):
            return tuple(listed) if all(isinstance(part, str) for part in listed) else None
        case Kind.WHOLE if isinstance(raw, int) and not isinstance(raw, bool):
            return raw
        case Kind.NUMBER if isinstance(raw, int | float) and not isinstance(raw, bool):
            return float(raw)
        case Kind.SWITCH if isinstance(raw, bool):
            return raw
        case Kind.TEXT if isinstance(raw, str):
            return raw
        case Kind.COUNT if raw == "auto" or (isinstance(raw, int) and not isinstance(raw, bool)):
            return str(raw)
        case Kind.PATH if isinstance(raw, str) and raw:
            return folder / Path(raw).expanduser()
    return None


def _allowed(setting: Setting, value: Any, where: str) -> Any:
    """Raises BadInput for a value out of range."""
    if setting.choices and value not in setting.choices:
        raise BadInput(f"{where} needs {expected(setting)}, not {value!r}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = setting.least, setting.most
        if not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high):
            raise BadInput(f"{where} needs {expected(setting)}, not {value:g}")
    if setting.tunes:
        try:
            changed(BROWSER, {setting.key.removeprefix("policy."): value})
        except PolicyError as error:
            raise BadInput(f"{where}: {error}") from None
    return value


def _toml(raw: Any) -> str:
    text = str(raw).lower() if isinstance(raw, bool) else repr(raw)
    return text if len(text) <= 60 else f"{text[:57]}..."


# secrets

_KEY_NAME = re.compile(r"(?:^|[._-])(?:api[_-]?)?(?:key|keys|token|secret|password)$", re.IGNORECASE)
_KEY_VALUE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|xi|hf|ek)[-_][A-Za-z0-9_-]{16,}|\bAIza[\w-]{30,}|\b[0-9a-fA-F]{32,}\b|[?&][\w-]*key="
)
_CREDENTIALS = re.compile(r"\b([a-z]+:(?://)?)[^@\s]+@")
_QUERY = re.compile(r"\?[^#\s]*")


def secret_in(key: str, raw: Any) -> str:
    """Why this may not stand in a file, with the fix; empty when it may."""
    values = raw if isinstance(raw, list | tuple) else (raw,)
    if not _KEY_NAME.search(key) and not any(isinstance(v, str) and _KEY_VALUE.search(v) for v in values):
        return ""
    vendors = (row.key for row in ROWS if row.key and row.vendor in re.split(r"[._-]", key.lower()))
    own = "VIVAVOCE_API_KEYS" if key.startswith("server.") else "of its vendor, as OPENAI_API_KEY"
    variable = next(vendors, own)
    return f"looks like a key, and keys do not belong into a file; fix: set the environment variable {variable}"


def shown(value: Any) -> Any:
    """A value as anybody may see it: no passwords of TURN servers, no credentials in addresses."""
    if isinstance(value, tuple | list):
        return [shown(part) for part in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        hidden = _CREDENTIALS.sub(r"\1***@", value)
        return _QUERY.sub("", hidden) if hidden.startswith(("http://", "https://")) else hidden
    return value
