"""x"""

from __future__ import annotations

from collections.abc import Callable


async def tell_capacity(workers: int, calls: Callable[[], int], say: Callable[[str], None]) -> None:
    pass
