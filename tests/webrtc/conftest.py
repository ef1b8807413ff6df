"""A server process that most tests share, others with options, and tests that are coroutines."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.clients.process import Served, serving

LIMIT_S = 110.0


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine on a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    given = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**given), LIMIT_S))
    return True


@pytest.fixture(scope="package")
def served() -> Iterator[Served]:
    """The server that most tests share."""
    with serving() as found:
        yield found


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """serve("--udp-ports", "40000-40020") -> a server of this test's own"""
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(serving(*options))
