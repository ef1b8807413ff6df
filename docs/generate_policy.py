"""Writes `docs/policy.md` from the code: `python docs/generate_policy.py`.

Names, defaults and presets come from the running code, meanings from the strings under the fields of
`core/policy.py`. A test fails when the page no longer says what the code says.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from vivavoce.core import policy as source

PAGE = Path(__file__).with_name("policy.md")
BASE = "browser"
GROUPS = ("hearing", "endpoint", "barge_in", "reply", "engines", "duet", "idle", "limits")

UNITS = {"_chars": "characters", "_ms": "ms", "_db": "dB", "_p": "probability", "_words": "words"}
"""By the end of the key."""
OTHER_UNITS = {
    "barge_in.echo_words": "share, 0 to 1",
    "endpoint.patience": "times",
    "endpoint.eagerness": "times",
    "endpoint.score_weight": "times",
    "endpoint.pace_weight": "times",
    "reply.max_speculations": "answers",
    "reply.max_queue": "replies",
    "reply.max_tool_rounds": "rounds",
    "limits.budget": "money",
}
MEANINGS = {
    "barge_in.yielding": "How the agent gives way to a real interruption.",
    "barge_in.duck_db": "By how much it then speaks lower; negative.",
}
"""For fields that say nothing of themselves in the code."""

INTRO = """\
# Policy

What may be tuned in a call is a policy key, with its unit in its name. A policy is a frozen value: a call keeps the
one that it began with, and a recording of the call holds it whole.

Set keys on the command line, on top of a preset:

```
vivavoce talk --preset phone --policy barge_in.min_words=2 --policy reply.speculate=off
vivavoce simulate --seeds 200 --policy endpoint.silence_ms=700
```

or in Python:

```python
from vivavoce.core.policy import PHONE, changed

policy = changed(PHONE, {"barge_in.min_words": 2, "idle.prompts": ("Hello?", "Is anybody there?")})
```

As text, a switch is `true` or `false` (also `yes`, `on`, `1` and their opposites), and several texts are separated by
`|`. An unknown key or an unusable value is refused with a line that names the nearest key or the expected kind. Apart
from `_db` keys, numbers must not be negative.

The column "default" is the preset `browser`, which is what you get without `--preset`. The column "other presets"
names those of `phone`, `headset`, `dictation` (long turns are not cut) and `duet` (the caller is another agent) that
differ from it. A row whose meaning
begins with "..." or "The same" goes on from the row above it.

This page is made by `python docs/generate_policy.py`; edit the strings in `src/vivavoce/core/policy.py` instead.
"""

WORDS = """\
## Two settings to turn

Most people need only `endpoint.patience` and `endpoint.eagerness`. Patience multiplies the waits where more may be
coming: 1.5 cuts off fewer callers and takes half as long again where nothing tells that they are done. Eagerness
shortens the wait where their words sound finished: 0.5 waits twice as long there too. What either buys is measured in
[scores](score.md).

## Choices

`turns` says who ends a turn of the caller. `local`: the engine itself, by the keys under `endpoint`. `manual`: the
caller's side, with the events `TurnCommitted` and `ReplyAsked` (push-to-talk): what a client of the Realtime protocol
gets when it turns turn detection off. `remote`: an engine elsewhere, with the event `RemoteTurned`, which nothing that
ships sends. On the command line only `local` is of use.

`barge_in.yielding` says how the agent gives way to a real interruption. `at_once`: it stops within a few
milliseconds. `finish_sentence`: it ends its sentence, but never goes on longer than `barge_in.sentence_cap_ms`.
`never`: no sound of the caller stops it.

`hearing.echo_p` and `hearing.doubt_p` count where the agent's voice may come back: at a microphone and over WebRTC.
Over WebSocket and from files nothing is taken for echo.

## Words

`lexicon` is part of the policy but has no key: a set of words is not a number. It holds the backchannels, the
hesitations, the phrases that ask for the floor, and the last words after which more is coming. The one that ships is
`ENGLISH` in `src/vivavoce/core/lexicon.py`; in Python, replace it with `dataclasses.replace(policy, lexicon=...)`.
"""


def page() -> str:
    """The whole page."""
    docs = _docstrings()
    out = [INTRO, "## Who decides\n", *_table("", docs)]
    for group in GROUPS:
        out.append(f"## {group}\n")
        if group in docs:
            out.append(f"{docs[group]}\n")
        out += _table(group, docs)
    return "\n".join([*out, WORDS])


def _table(group: str, docs: dict[str, str]) -> Iterator[str]:
    yield "| key | unit | default | other presets | meaning |"
    yield "|---|---|---|---|---|"
    for key, value in source.keys(source.PRESETS[BASE]).items():
        if key.rpartition(".")[0] == group:
            meaning = docs.get(key) or MEANINGS.get(key)
            if meaning is None:
                raise LookupError(f"{key} says nothing of itself: put a string under its field in core/policy.py")
            yield f"| `{key}` | {_unit(key, value)} | {_shown(value)} | {_others(key, value)} | {meaning} |"
    yield ""


def _others(key: str, value: Any) -> str:
    """The presets that have another value, and which."""
    values = {name: source.keys(preset)[key] for name, preset in source.PRESETS.items()}
    return ", ".join(f"{name} {_shown(other)}" for name, other in values.items() if other != value)


def _unit(key: str, value: Any) -> str:
    if key in OTHER_UNITS:
        return OTHER_UNITS[key]
    if isinstance(value, Enum):
        return " / ".join(f"`{member.value}`" for member in type(value))
    if isinstance(value, bool):
        return "switch"
    if isinstance(value, str):
        return "text"
    if isinstance(value, tuple):
        return "texts"
    return next(unit for end, unit in UNITS.items() if key.endswith(end))


def _shown(value: Any) -> str:
    """A value as it would be written after `--policy KEY=`."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " \\| ".join(f'"{text}"' for text in value)
    if isinstance(value, str):
        return f'"{value}"'
    return str(value) if isinstance(value, int) else f"{value:g}"


def _docstrings() -> dict[str, str]:
    """Dotted key to the string that stands under its field, and group to the string of its class."""
    groups = {type(getattr(source.PRESETS[BASE], group)).__name__: group for group in GROUPS}
    groups[source.Policy.__name__] = ""
    found = {}
    for node in ast.parse(inspect.getsource(source)).body:
        if isinstance(node, ast.ClassDef) and node.name in groups:
            group = groups[node.name]
            if about := ast.get_docstring(node):
                found[group] = " ".join(about.split())
            for name, text in _fields(node):
                found[f"{group}.{name}" if group else name] = " ".join(text.split())
    return found


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, after in zip(node.body, node.body[1:], strict=False):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
