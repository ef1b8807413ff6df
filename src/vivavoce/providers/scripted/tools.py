"""Which tool was meant, by the words of its declaration; and the question for what is still missing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..base import Tool
from .arguments import fill, fill_answer, required
from .understand import STOP_WORDS, alike, clean, is_remark, stem

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.]+")
_GENERIC = frozenset(
    stem(w)
    for w in """
    get set find search make do check show fetch list look lookup return returns give current new create update
    tool function user use call run start value string name number given query information data specified
    """.split()
)
"""Words of many declarations: they alone choose no tool."""
_VERBS = frozenset(
    "switch turn play open close send book order start cancel schedule add remove delete read write stop end "
    "hang".split()
)
"""What tools do; left out when saying what a tool is about."""
_FIELDS = {"name": 1.0, "enum": 0.7, "parameter": 0.5, "description": 0.5}
"""How much a word of the user's counts, by where in the declaration it occurs."""
_GENERIC_WEIGHT = 0.2
_PHRASE = 0.3
_MOST_CHOICES = 5
"""Choices that are read out; more are left to be guessed."""
ENOUGH = 0.75
"""Least score for a tool to be called: one telling word of its name, or two of its description."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A tool to call, and its arguments as far as known."""

    tool: Tool
    arguments: dict[str, object]
    missing: tuple[str, ...] = ()
    """Required parameters that were not said."""

    def json(self) -> str:
        return json.dumps(self.arguments, ensure_ascii=False)


def properties(tool: Tool) -> dict[str, Mapping[str, object]]:
    """The parameters that are declared as objects, by name."""
    declared = tool.parameters.get("properties")
    if not isinstance(declared, Mapping):
        return {}
    return {str(k): v for k, v in declared.items() if isinstance(v, Mapping)}


def split_name(name: str) -> list[str]:
    """`getCurrentWeather` and `get_current_weather` as spoken words."""
    return [w.lower() for w in _CAMEL.split(name) if w]


def spoken_name(name: str) -> str:
    """What a tool is about: its name without the everyday verbs before it."""
    words = split_name(name)
    start = 0
    while start < len(words) - 1 and (stem(words[start]) in _GENERIC or words[start] in _VERBS):
        start += 1
    return " ".join(words[start:])


def choose_tool(words: Sequence[str], tools: Sequence[Tool]) -> Tool | None:
    """The tool these words ask for, or None. Refusals ("do not ...") and remarks ask for none."""
    if is_remark(words) or words[:2] in (("do", "not"), ("never", "mind")) or "not" in words[:3]:
        return None
    bags = [_bag(tool) for tool in tools]
    shared = Counter(word for bag in bags for word in bag)
    scored = [
        (_score(words, bag, shared) + _phrase_bonus(words, tool), tool) for bag, tool in zip(bags, tools, strict=True)
    ]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] >= ENOUGH else None


def _bag(tool: Tool) -> dict[str, float]:
    """Telling words of a declaration with their weights; a word counts where it counts most."""
    bag: dict[str, float] = {}

    def put(words: Iterable[str], field: str) -> None:
        for word in words:
            if word in STOP_WORDS or len(word) < 2:
                continue
            weight = _GENERIC_WEIGHT if stem(word) in _GENERIC else _FIELDS[field]
            bag[word] = max(bag.get(word, 0.0), weight)

    put(split_name(tool.name), "name")
    put(clean(tool.description), "description")
    for name, schema in properties(tool).items():
        put(split_name(name), "parameter")
        put(clean(str(schema.get("description", ""))), "parameter")
        choices = schema.get("enum")
        put((w for c in choices for w in clean(str(c))) if isinstance(choices, list) else (), "enum")
    return bag


def _score(words: Sequence[str], bag: Mapping[str, float], shared: Mapping[str, int]) -> float:
    """Weights of the declared words that were said; those that other tools share count less."""
    said = [w for w in words if w not in STOP_WORDS]
    total = 0.0
    counted: set[str] = set()
    for word, weight in bag.items():
        if stem(word) in counted:
            continue
        likeness = max((alike(word, w) for w in said), default=0.0)
        if likeness:
            counted.add(stem(word))
            total += weight * likeness / shared[word] ** 0.5
    return total


def _phrase_bonus(words: Sequence[str], tool: Tool) -> float:
    """For two words that stand together in the description as they were said ("hang up")."""
    described = set(pairwise(clean(tool.description)))
    telling = [p for p in pairwise(words) if p in described and not all(w in STOP_WORDS for w in p)]
    return _PHRASE if telling else 0.0


def plan(tool: Tool, text: str) -> Plan:
    """The call of `tool` that `text` asks for."""
    trigger = {stem(w) for w in split_name(tool.name)}
    arguments = fill(properties(tool), text, trigger, required(tool.parameters))
    return Plan(tool, arguments, _missing(tool, arguments))


def _missing(tool: Tool, arguments: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(p for p in required(tool.parameters) if p not in arguments)


def ask_for(tool: Tool, parameter: str) -> str:
    """The question for a missing argument; `open_question` knows it again."""
    schema = properties(tool).get(parameter, {})
    label = " ".join(split_name(parameter))
    choices = schema.get("enum")
    if isinstance(choices, list) and len(choices) <= _MOST_CHOICES:
        wanted = f"which {label}, {' or '.join(str(c) for c in choices)}?"
    elif schema.get("type") in ("number", "integer"):
        plural = label.endswith("s") or label == "people"
        wanted = f"how many {label}?" if plural else f"which number for the {label}?"
    else:
        wanted = f"{label}, yes or no?" if schema.get("type") == "boolean" else f"which {label}?"
    return f"For the {spoken_name(tool.name)} I need one more thing: {wanted}"


def open_question(heard: str, tools: Sequence[Tool]) -> tuple[Tool, str] | None:
    """The tool and parameter that the agent's last words asked for."""
    for tool in tools:
        for parameter in required(tool.parameters):
            if heard.strip().endswith(ask_for(tool, parameter)):
                return tool, parameter
    return None


def complete(tool: Tool, asked: Sequence[tuple[str, str]], first: str) -> Plan | None:
    """The call after its questions were answered: `asked` are (parameter, what the user said), `first` began it.

    None when the last answer gives no usable value.
    """
    arguments = dict(plan(tool, first).arguments)
    for parameter, answer in asked:
        value = fill_answer(parameter, properties(tool).get(parameter, {}), answer)
        if value is not None:
            arguments[parameter] = value
    if asked and asked[-1][0] not in arguments:
        return None
    return Plan(tool, arguments, _missing(tool, arguments))
