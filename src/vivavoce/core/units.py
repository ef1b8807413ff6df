"""The two media clocks and their conversions. Samples are the truth; milliseconds are for people.

The caller's audio is counted in samples at 16 kHz since the start of the call, the agent's in samples at 24 kHz
since the start of each reply. `now` is a third clock: whole milliseconds since the call began, always an argument.
"""

from __future__ import annotations

IN_RATE = 16_000
OUT_RATE = 24_000


def in_ms(samples: int) -> int:
    """Caller samples (16 kHz) as whole milliseconds, rounded down."""
    return samples // 16


def in_samples(ms: int) -> int:
    """Milliseconds as caller samples (16 kHz)."""
    return ms * 16


def out_ms(samples: int) -> int:
    """Agent samples (24 kHz) as whole milliseconds, rounded down."""
    return samples // 24


def out_samples(ms: int) -> int:
    """Milliseconds as agent samples (24 kHz)."""
    return ms * 24
