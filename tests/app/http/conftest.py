"""A handler that writes down what it was given, and applications around it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from vivavoce.app.http.errors import BadSession
from vivavoce.app.http.keys import Keys
from vivavoce.app.http.server import make_app
from vivavoce.app.http.vault import Vault

KEY = "sk-test-0123456789"


class Echo:
    """Sends every message back, and remembers how it was opened and that it ended."""

    def __init__(self):
        self.openings = []
        self.ended = 0

    async def __call__(self, opening, socket):
        self.openings.append(opening)
        try:
            while (message := await socket.receive()) is not None:
                await socket.send(f"echo {message}")
        finally:
            self.ended += 1


class OneCall:
    async def has(self, call_id, owner):
        return call_id == "rtc_here" and owner in ("", "key_1")


def check_session(session):
    if session.get("type") not in ("realtime", "transcription"):
        raise BadSession("invalid_value", "Unknown type.", "session.type")
    return {"model": "viva", "instructions": "be brief"} | session


@pytest.fixture
def make():
    """make(keys=("...",), handler=None, now=None, **options) -> app, handler, keys"""

    def make_one(keys=(KEY,), handler=None, now=None, **options):
        kept = Keys(keys, Vault(now=now) if now else None)
        handler = handler or Echo()
        options = {"check_session": check_session, "models": ["viva"]} | options
        app = make_app(handler, OneCall(), kept, **options)
        return SimpleNamespace(app=app, handler=handler, keys=kept, key=KEY)

    return make_one
