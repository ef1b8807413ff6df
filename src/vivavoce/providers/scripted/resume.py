"""Going on after an interruption: what of an answer was not heard yet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.commands import Item, Message
from ...core.lexicon import normalise
from .lines import STORIES
from .memory import agent_texts
from .turn import Turn

_WORD = re.compile(r"\S+")
_CLAUSE_END = re.compile(r"[,.;:!?][\"')]*$")
_LONGEST_CLAUSE = 9
"""Words that are said again at most."""
_OVERLAP = 3
"""Words that are said again when the clause is longer than that."""
_RECOGNISED = 6
"""Words of a story in a row by which it is known."""
_LOOK_BACK = 4
"""How many of the agent's messages back an interrupted one is still worth going on with."""
_TAIL = 30
"""Characters at the end of an answer by which it is known that it was told to the end later on."""
WORTH_OFFERING = 12
"""Unheard words from which on it is polite to ask whether to go on."""


def unheard(full: str, heard: str) -> str | None:
    """The rest of `full` from about the clause in which `heard` ends on; None when `heard` is not its beginning."""
    spans = [(m.start(), m.group()) for m in _WORD.finditer(full) if normalise(m.group())]
    known = normalise(heard).split()
    at, covered = 0, 0
    while covered < len(known) and at < len(spans):
        parts = normalise(spans[at][1]).split()
        mine = known[covered : covered + len(parts)]
        cut_short = covered + len(mine) == len(known) and "".join(parts).startswith("".join(mine))
        if parts != mine and not cut_short:
            return None
        if parts != mine:
            break
        covered += len(parts)
        at += 1
    if covered < len(known) and at == len(spans):
        return None
    return full[spans[_restart([text for _, text in spans], at)][0] :] if at < len(spans) else ""


def _restart(words: Sequence[str], at: int) -> int:
    """Where to start again before word `at`: its clause, or a few words back when that began long ago."""
    for start in range(at, max(at - _LONGEST_CLAUSE, 0) - 1, -1):
        if start == 0 or _CLAUSE_END.search(words[start - 1]):
            return start
    return at - _OVERLAP


def interrupted_at(before: Sequence[Item]) -> list[int]:
    """Indices of the agent's messages that may be gone on with, newest first."""
    spoken = [i for i, item in enumerate(before) if isinstance(item, Message) and item.role == "agent"]
    recent = [(i, before[i]) for i in reversed(spoken[-_LOOK_BACK:])]
    return [i for i, item in recent if isinstance(item, Message) and item.interrupted]


def remainder(turn: Turn) -> str | None:
    """What was not heard yet of the last interrupted answer, a long rest before a short one.

    None when none was interrupted, or when its words are lost; empty when all of it was told later on.
    """
    rests = [rest for i in interrupted_at(turn.before) if (rest := _rest_of(turn, i)) is not None]
    longer = [rest for rest in rests if len(rest.split()) >= WORTH_OFFERING]
    return next(iter(longer or [r for r in rests if r] or rests), None)


def _rest_of(turn: Turn, index: int) -> str | None:
    item = turn.before[index]
    assert isinstance(item, Message)
    rest = unheard(turn.said_at(index), item.text)
    if rest is None:
        rest = _rest_of_story(item.text)
    if rest and any(rest[-_TAIL:] in text for text in agent_texts(turn.before[index + 1 :])):
        return ""
    return rest


def _rest_of_story(heard: str) -> str | None:
    """What follows the last words heard, when they are from a story of ours told in another wording or order."""
    said = normalise(heard).split()[-_RECOGNISED:]
    for story in STORIES if len(said) == _RECOGNISED else ():
        words = " ".join(story).split()
        plain = [normalise(w) for w in words]
        for at in range(len(words) - _RECOGNISED + 1):
            if plain[at : at + _RECOGNISED] == said:
                return " ".join(words[_restart(words, at + _RECOGNISED) :])
    return None


def just_interrupted(turn: Turn) -> bool:
    """Did the user's words cut off an answer with a good part still to come?"""
    last = turn.last_heard
    if last is None or not last.interrupted:
        return False
    rest = remainder(turn)
    return rest is not None and len(rest.split()) >= WORTH_OFFERING
