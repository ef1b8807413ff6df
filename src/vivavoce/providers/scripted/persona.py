"""Who the agent is to be, as far as its instructions say so in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"([A-Z][\w'-]*(?: [A-Z][\w'-]*){0,2})"
_NAMED = re.compile(
    rf"\b(?:[Yy]our name is|[Yy]ou are called|[Cc]all yourself|"
    rf"[Yy]ou are [^.\n]{{0,80}}(?:named|called)) {_NAME}"
)
_YOU_ARE_NAME = re.compile(rf"\b(?:You are|You're) (?!An? |The ){_NAME}(?=[,.;:!\n]|$| and\b| from\b| the\b)")
_YOU_ARE_ROLE = re.compile(r"\b(?:You are|You're) ((?:an?|the) [^.;:!?\n]{3,90})")
_AFTER_NAME = re.compile(rf"\b(?:You are|You're) {_NAME}, ((?:an?|the) [^.;:!?\n,]{{3,90}})")
_ROLE_ENDS = re.compile(r",? (?:who|that|which|named|called|and you|and your)\b.*|,.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Persona:
    name: str
    named: bool = False
    """True when the instructions give the name."""
    role: str = ""
    """As in "a curt British butler"; empty when the instructions name none."""


def read_persona(instructions: str, default_name: str) -> Persona:
    """Name and role out of instructions such as "You are Ann, a patient librarian." """
    named = _YOU_ARE_NAME.search(instructions) or _NAMED.search(instructions)
    role = _AFTER_NAME.search(instructions)
    role_text = role[2] if role else ""
    if not role_text and (plain := _YOU_ARE_ROLE.search(instructions)):
        role_text = plain[1]
    return Persona(named[1] if named else default_name, named is not None, _ROLE_ENDS.sub("", role_text).strip())
