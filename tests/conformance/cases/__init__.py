"""The cases; importing this package registers all of them, in the order of the report."""

from . import (  # noqa: I001
    session,
    openers,
    items,
    buffer,
    responses,
    lifecycle,
    turns,
    barge_in,
    truncate,
    tools,
    transcription,
    malformed,
    g711,
)

__all__ = [
    "barge_in",
    "buffer",
    "g711",
    "items",
    "lifecycle",
    "malformed",
    "openers",
    "responses",
    "session",
    "tools",
    "transcription",
    "truncate",
    "turns",
]
