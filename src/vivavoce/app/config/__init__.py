"""`vivavoce config`: the settings that are in force, and where each one came from."""

from __future__ import annotations

import argparse
import json
from enum import Enum
from typing import Any

from ...core.policy import PRESETS, keys
from .load import Config, add_option
from .table import SETTINGS, TABLE, Setting
from .values import shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--all", action="store_true", help="also the policy keys that nobody set")


def run(args: argparse.Namespace) -> int:
    """Returns the exit code."""
    config: Config = args.configured
    wanted = [s for s in SETTINGS if args.all or not s.tunes or s.key in config.found]
    if args.json:
        settings = {setting.key: _facts(config, setting) for setting in wanted}
        print(json.dumps({"file": shown(config.file), "settings": settings}, indent=2))
    else:
        print(table(config, wanted))
    return 0


def table(config: Config, wanted: list[Setting]) -> str:
    """For people: one line per setting."""
    rows = [("setting", "value", "from")]
    for setting in wanted:
        facts = _facts(config, setting)
        rows.append((setting.key, _cell(facts["value"]), facts["from"]))
    widths = [max(len(row[at]) for row in rows) for at in (0, 1)]
    lines = [f"{key:<{widths[0]}}  {value:<{widths[1]}}  {origin}".rstrip() for key, value, origin in rows]
    place = f"The file is {config.file}." if config.file else "There is no file vivavoce.toml here."
    return "\n".join([*lines, "", f"{place} The command line outranks the environment, and that outranks the file."])


def _facts(config: Config, setting: Setting) -> dict[str, Any]:
    found = config.effective(setting)
    value = found.value
    if value is None and setting.tunes:
        preset = PRESETS[config.effective(TABLE["policy.preset"]).value]
        value = keys(preset)[setting.key.removeprefix("policy.")]
        value = value.value if isinstance(value, Enum) else value
    return {"value": shown(value), "from": found.origin, "variable": setting.variable}


_LONGEST = 60


def _cell(value: Any) -> str:
    if value in (None, [], ""):
        return "-"
    text = (
        ", ".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)
    )
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 3]}..."
