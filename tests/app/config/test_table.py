"""Every row of the table reaches its place: from the file and from the environment into the options and the policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vivavoce.app.cli import CONFIGURED, parser
from vivavoce.app.config.load import Config, load
from vivavoce.app.config.table import ABOUT, COMMANDS, SETTINGS, Kind, Setting
from vivavoce.app.settings import engines_of, policy_of
from vivavoce.core.policy import keys

VALUES: dict[Kind, tuple[str, str, Any]] = {
    Kind.TEXT: ('"other"', "other", "other"),
    Kind.WHOLE: ("7", "7", 7),
    Kind.NUMBER: ("0.75", "0.75", 0.75),
    Kind.SWITCH: ("true", "on", True),
    Kind.PATH: ('"/a/file"', "/a/file", Path("/a/file")),
    Kind.COUNT: ("3", "3", "3"),
    Kind.NAMES: ('["a:b", "c"]', "a:b, c", ("a:b", "c")),
    Kind.TEXTS: ('["one", "two words"]', "one | two words", ("one", "two words")),
}
"""A value in a file, in the environment, and what it is."""


def sample(setting: Setting) -> tuple[str, str, Any]:
    if setting.choices:
        last = setting.choices[-1]
        return f'"{last}"', last, last
    if setting.key.endswith("_db"):
        return "-3.5", "-3.5", -3.5
    return VALUES[setting.kind]


def reached(setting: Setting, config: Config, command: str) -> Any:
    """What the command gets to see of it."""
    args = parser(config).parse_args([command])
    if setting.tunes:
        value = keys(policy_of(args))[setting.key.removeprefix("policy.")]
        return getattr(value, "value", value)
    if setting.key.startswith("engines."):
        found = getattr(engines_of(args), setting.option)
        return found if setting.kind is Kind.NAMES else found[0]
    return getattr(args, setting.option)


def commands(setting: Setting) -> list[str]:
    """Those that make calls: the doctor only looks."""
    return [name for name in setting.commands if name != "doctor"]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_a_row_of_the_file_reaches_its_place(setting: Setting, tmp_path: Path) -> None:
    room, _, name = setting.key.rpartition(".")
    written, _, value = sample(setting)
    (tmp_path / "vivavoce.toml").write_text(f"[{room}]\n{name} = {written}\n")
    config = load({}, folder=tmp_path)
    assert config.found[setting.key].origin.endswith("vivavoce.toml")
    for command in commands(setting):
        assert reached(setting, config, command) == value


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_its_variable_outranks_the_file(setting: Setting, tmp_path: Path) -> None:
    _, text, value = sample(setting)
    config = load({setting.variable: text}, folder=tmp_path)
    assert config.found[setting.key].origin == setting.variable
    for command in commands(setting):
        assert reached(setting, config, command) == value


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.default is not None], ids=lambda setting: setting.key)
def test_defaults_are_those_of_the_commands(setting: Setting) -> None:
    for command in commands(setting):
        bare = parser()._subparsers._group_actions[0].choices[command]  # type: ignore[union-attr]
        assert reached(setting, Config(), command) == setting.default == bare.get_default(setting.option)


def test_every_setting_says_what_it_means_and_has_a_variable_of_its_own() -> None:
    assert [s.key for s in SETTINGS if not s.meaning and not s.tunes] == []
    assert len({s.variable for s in SETTINGS}) == len(SETTINGS)
    assert set(ABOUT) == set(COMMANDS) == {s.key.partition(".")[0] for s in SETTINGS}
    assert {name for names in COMMANDS.values() for name in names} <= set(CONFIGURED)
