"""Dialogues in a short notation: the agent's voices are `a-b`, or `a-b!` where they were cut, in ms."""

from __future__ import annotations

from vivavoce.sim.people import Truth
from vivavoce.sim.score.dialogue import Dialogue, Sound, Voice


def sound(kind: str, *spans: tuple[int, int], tool: bool = False) -> Sound:
    return Sound(Truth(kind), spans, tool=tool)


def talk(sounds: list[Sound], agent: str = "", ends: tuple[int, ...] = ()) -> Dialogue:
    voices = []
    for row in agent.split():
        start, end = row.removesuffix("!").split("-")
        voices.append(Voice(int(start), int(end), row.endswith("!")))
    return Dialogue(tuple(sounds), tuple(voices), ends)
