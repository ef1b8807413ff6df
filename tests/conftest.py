"""What the whole suite shares: coroutines as tests, servers of their own, and failures that explain themselves."""

from __future__ import annotations

import asyncio
import inspect
import signal
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import certifi
import pytest

if TYPE_CHECKING:
    from tests.clients.process import Served

# Said here, before anybody imports them.
pytest.register_assert_rewrite(
    "tests.app.office",
    "tests.app.phone",
    "tests.app.recorded",
    "tests.browser.person",
    "tests.clients.agent",
    "tests.clients.process",
    "tests.clients.talk",
    "tests.transports.peer",
    "tests.webrtc.caller",
    "tests.wire.openai_realtime.laws",
    "tests.wire.openai_realtime.pair",
)

# A shell that runs the suite in the background has Ctrl-C ignored, and there are tests that press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

LIMIT_S = 30.0
LIMITS_S = {"tests.clients": 45.0, "tests.webrtc": 110.0}
"""Longest time of a test that is a coroutine, by the room it is in."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine on a loop of its own; whatever it leaves behind is its failure."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    given = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    limit = LIMITS_S.get(pyfuncitem.module.__name__.rpartition(".")[0], LIMIT_S)
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**given), limit))
    return True


@pytest.fixture(autouse=True, scope="session")
def nobody_on_the_internet() -> Iterator[None]:
    """Clients of providers only ever speak with servers here; each would read whom to trust out there for 25 ms."""
    world, load = {certifi.where(), ssl.get_default_verify_paths().cafile}, ssl.SSLContext.load_verify_locations

    def local(self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        if cafile not in world:
            load(self, cafile, capath, cadata)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl.SSLContext, "load_verify_locations", local)
        yield


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """serve("--max-session", "2", keys=("...",)) -> a server process of this test's own"""
    from tests.clients.process import serving

    with ExitStack() as stack:
        yield lambda *options, keys=(): stack.enter_context(serving(*options, keys=keys))
