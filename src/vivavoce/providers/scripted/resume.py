"""Going on after an interruption: what of an answer was not heard yet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.commands import Item, Message
from ...core.lexicon import normalise
from .memory import agent_texts
from .turn import Turn

_WORD = re.compile(r"\S+")
_CLAUSE_END = re.compile(r"[,.;:!?][\"')]*$")
_LOOK_BACK = 4
"""How many of the agent's messages back an interrupted one is still worth going on with."""
_TAIL = 30
"""Characters at the end of an answer by which it is known that it was told to the end later on."""
WORTH_OFFERING = 12
"""Unheard words from which on it is polite to ask whether to go on."""


def unheard(full: str, heard: str) -> str | None:
    """The rest of `full` from the beginning of the clause in which `heard` ends; None when it is no part of it."""
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
    while 0 < at < len(spans) and not _CLAUSE_END.search(spans[at - 1][1]):
        at -= 1
    return full[spans[at][0] :] if at < len(spans) else ""


def interrupted_at(before: Sequence[Item]) -> int | None:
    """Index of the agent's message to go on with; None when nothing was left unsaid."""
    spoken = [i for i, item in enumerate(before) if isinstance(item, Message) and item.role == "agent"]
    for index in reversed(spoken[-_LOOK_BACK:]):
        item = before[index]
        if isinstance(item, Message) and item.interrupted:
            return index
    return None


def remainder(turn: Turn) -> str | None:
    """What was not heard yet of the last interrupted answer: None when there is none, or its words are lost."""
    index = interrupted_at(turn.before)
    if index is None:
        return None
    item = turn.before[index]
    assert isinstance(item, Message)
    rest = unheard(turn.said_at(index), item.text)
    if rest and any(rest[-_TAIL:] in text for text in agent_texts(turn.before[index + 1 :])):
        return ""
    return rest


def just_interrupted(turn: Turn) -> bool:
    """Did the user's words cut off an answer with a good part still to come?"""
    last = turn.last_heard
    if last is None or not last.interrupted:
        return False
    rest = remainder(turn)
    return rest is not None and len(rest.split()) >= WORTH_OFFERING
