"""Who holds the floor. Derived, never set."""

from __future__ import annotations

from .notices import Floor


def floor_of(user: bool, agent: bool) -> Floor:
    """`user`: the caller's voice is heard; `agent`: samples of the agent are being played."""
    if user:
        return Floor.BOTH if agent else Floor.USER
    return Floor.AGENT if agent else Floor.NOBODY
