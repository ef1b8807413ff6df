"""A server process for each test run (for each worker of it)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.clients.process import Served, serving


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """The server that most tests share."""
    with serving() as found:
        yield found
