"""Settings from their three places, merged once: command line, then environment, then file, then defaults.

The command line wins because what is found here become the defaults of its options.
"""

from __future__ import annotations

import argparse
import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.errors import BadInput
from .table import COMMANDS, SETTINGS, TABLE, Setting
from .values import from_text, from_toml, secret_in

FILE = "vivavoce.toml"
VARIABLE = "VIVAVOCE_CONFIG"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and where it came from: a file, an environment variable, or `DEFAULT`."""

    value: Any
    origin: str = DEFAULT


@dataclass(frozen=True, slots=True)
class Config:
    """What is set outside the command line."""

    found: Mapping[str, Found] = field(default_factory=dict)
    file: Path | None = None

    def effective(self, setting: Setting) -> Found:
        return self.found.get(setting.key, Found(setting.default))

    def options(self, command: str) -> dict[str, Any]:
        """The defaults of a command's options. What nobody set and the table does not know, the command does."""
        values = {s.option: self.effective(s).value for s in SETTINGS if s.option and command in s.commands}
        return {option: value for option, value in values.items() if value is not None}

    @property
    def policy(self) -> dict[str, Any]:
        """The policy keys that are set, for `policy.changed`."""
        keys = {key: found.value for key, found in self.found.items() if TABLE[key].tunes}
        return {key.removeprefix("policy."): value for key, value in keys.items()}


def load(env: Mapping[str, str], file: Path | None = None, folder: Path | None = None) -> Config:
    """The settings of `file`, else of the file that the environment names, else of the one in `folder` (here), if any;
    and those of the environment. Raises BadInput naming the place and the fix."""
    named = file or (Path(env[VARIABLE]).expanduser() if env.get(VARIABLE) else None)
    usual = (folder or Path()) / FILE
    path = named or (usual if usual.is_file() else None)
    found = {} if path is None else dict(_of_file(path))
    return Config({**found, **dict(_of_environment(env))}, path)


def named_file(argv: Sequence[str]) -> Path | None:
    """The file that a command line names; it is needed before the rest of the line can be understood."""
    early = argparse.ArgumentParser(prog="vivavoce", add_help=False)
    add_option(early)
    known, _ = early.parse_known_args(list(argv))
    return known.config  # type: ignore[no-any-return]


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"settings (default: ./{FILE}, or {VARIABLE})")


def apply(parser: argparse.ArgumentParser, command: str, config: Config) -> None:
    """Make the settings the defaults of a command's options. What is parsed has them as `configured`, and as `usual`
    what its options are when the line does not say."""
    options = config.options(command)
    for action in parser._actions:
        action.default = options.get(action.dest, action.default)
    parser.set_defaults(configured=config, usual={action.dest: action.default for action in parser._actions})


def _of_environment(env: Mapping[str, str]) -> Iterator[tuple[str, Found]]:
    variables = {setting.variable: setting for setting in SETTINGS}
    rooms = tuple(f"VIVAVOCE_{room.upper()}_" for room in COMMANDS)
    for name in sorted(env):
        if name in variables and env[name].strip():
            setting = variables[name]
            yield setting.key, Found(from_text(setting, env[name], name), name)
        elif name not in variables and name.startswith(rooms):
            raise BadInput(f"there is no setting {name}{_hint(name, [*variables], '_')}")


def _of_file(path: Path) -> Iterator[tuple[str, Found]]:
    for key, raw in _leaves(_read(path)):
        if key not in _MAY_BE_SECRET and (why := secret_in(key, raw)):
            raise BadInput(f"{path}: {key} {why}")
        if key not in TABLE:
            raise BadInput(f"{path}: there is no setting {key!r}{_hint(key, [*TABLE])}")
        yield key, Found(from_toml(TABLE[key], raw, f"{path}: {key}", path.parent), str(path))


_MAY_BE_SECRET = ("server.keys", "server.tls_key", "server.ice_servers", "server.browser_ice_servers")
"""Settings that name files of keys, or servers with their passwords."""


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; fix: check the path, or write the settings there") from None
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; fix: name a file that may be read") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not text; fix: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not TOML: {error}; fix: write it as in docs/configuration.md") from None


def _leaves(table: Mapping[str, Any], room: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values; an empty table that could hold settings has none."""
    for name, value in table.items():
        key = f"{room}{name}"
        if isinstance(value, dict) and value and key not in TABLE:
            yield from _leaves(value, f"{key}.")
        elif value != {} or not any(known.startswith(f"{key}.") for known in TABLE):
            yield key, value


def _hint(name: str, known: Sequence[str], dot: str = ".") -> str:
    """The closest known name; one that only stands in another table is close."""

    def likeness(one: str) -> float:
        ends = (one.rpartition(dot)[2], name.rpartition(dot)[2])
        return max(difflib.SequenceMatcher(None, *pair).ratio() for pair in ((one, name), ends))

    best = max(known, key=likeness)
    return f"; did you mean {best}?" if likeness(best) >= _ALIKE else "; see docs/configuration.md for what there is"


_ALIKE = 0.6
