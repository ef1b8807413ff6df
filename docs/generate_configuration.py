"""Writes `docs/configuration.md` from the table of settings: `python docs/generate_configuration.py`.

A test fails when the page no longer says what the table says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vivavoce.app.config.table import ABOUT, COMMANDS, SETTINGS, Kind, Setting

PAGE = Path(__file__).with_name("configuration.md")

INTRO = """\
# Configuration

Everything that `vivavoce talk` and `vivavoce serve` can be told on the command line can be told by a file or by the
environment. Nothing of it is needed.

```toml
# vivavoce.toml
[engines]
llm = ["openai:gpt-5-mini", "ollama:llama3.2"]   # the second stands in for the first
stt = "deepgram:nova-3"

[agent]
instructions = "You are the concierge of a small hotel."
greeting = "Good evening. How can I help?"

[policy]
preset = "phone"

[policy.endpoint]
silence_ms = 450

[server]
port = 9000
allow_origins = ["https://example.org"]
```

```
vivavoce config                             # what is in force, and where it came from
vivavoce config --json --all                # also every policy key
vivavoce serve --config production.toml     # another file
vivavoce doctor                             # whether all of it works
```

**Which value counts.** The command line, else the environment, else the file, else the default. A list on the command
line replaces a configured one; policy keys are set one by one, on top of the preset. The file is the one that
`--config` names, else `VIVAVOCE_CONFIG`, else `vivavoce.toml` where the command runs. Paths in it begin where it is.

**Agents of your own.** With an `APP.py`, `[engines]` fills in what an Agent does not name, and `[policy]` is that of
every Agent that asks for no other than `browser`. `[agent]` is for calls without an `APP.py`; only the phrases of
`expect` are added to those of any Agent. An option for what an Agent describes is refused then.

**Keys stay in the environment.** `OPENAI_API_KEY`, `DEEPGRAM_API_KEY` and the like are the vendors' own variables, see
[engines](engines.md); `VIVAVOCE_LLM_KEY` is for a model that is named by its address; `VIVAVOCE_API_KEYS` are the keys
of your callers, separated by commas. What looks like a key is refused in a file.

**In the environment** engines are separated by commas, other lists by `|`, and a switch is `true` or `false` (also
`yes`, `on`, `1` and their opposites). An empty variable counts as not set.

An unknown key, a value of the wrong type and a broken file are refused with one line that names the place and the fix.

This page is made by `python docs/generate_configuration.py`; edit `src/vivavoce/app/config/table.py` instead.
"""

POLICY = """\
Besides the preset, every key of [the policy](policy.md) can be set: `endpoint.silence_ms` is `silence_ms` in the table
`[policy.endpoint]`, and `VIVAVOCE_POLICY_ENDPOINT_SILENCE_MS`. On the command line they are `--policy KEY=VALUE`.
"""

TYPES = {
    Kind.TEXT: "text",
    Kind.WHOLE: "whole number",
    Kind.NUMBER: "number",
    Kind.SWITCH: "switch",
    Kind.PATH: "path",
    Kind.COUNT: "whole number or `auto`",
    Kind.NAMES: "name or list",
    Kind.TEXTS: "list of texts",
}
BY_COMMAND = {
    "agent.greeting": "talk: a hello",
    "agent.instructions": "Viva's",
    "agent.voice": "`emma`, else the first",
    "engines.llm": "one that runs here, else the script",
    "engines.stt": "`offline`",
    "engines.tts": "`offline`",
    "server.webrtc": "the best installed",
}
"""Defaults that depend on the rest."""


def page() -> str:
    """The whole page."""
    out = [INTRO]
    for room, about in ABOUT.items():
        where = " and ".join(f"`{name}`" for name in COMMANDS[room] if name != "doctor")
        out += [f"## {room}\n", f"{about} Heeded by {where}.\n", *_table(room)]
        out += [POLICY] if room == "policy" else []
    return "\n".join(out).rstrip("\n") + "\n"


def _table(room: str) -> Iterator[str]:
    yield "| key | type | default | variable | meaning |"
    yield "|---|---|---|---|---|"
    for setting in SETTINGS:
        if setting.key.startswith(f"{room}.") and not setting.tunes:
            cells = (f"`{setting.key}`", _type(setting), _default(setting), f"`{setting.variable}`", setting.meaning)
            yield f"| {' | '.join(cells)} |"
    yield ""


def _type(setting: Setting) -> str:
    if setting.choices:
        return " / ".join(f"`{choice}`" for choice in setting.choices)
    low, high = setting.least, setting.most
    limits = "" if low is None else f", {low:g} up" if high is None else f", {low:g} to {high:g}"
    return f"{TYPES[setting.kind]}{limits}"


def _default(setting: Setting) -> str:
    if setting.default in (None, "", ()):
        return BY_COMMAND.get(setting.key, "none")
    if isinstance(setting.default, bool):
        return "on" if setting.default else "off"
    return f"`{setting.default}`" if isinstance(setting.default, str) else f"{setting.default:g}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
