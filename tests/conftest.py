"""Modules that tests share explain their failures as tests do; said here, before anybody imports them."""

import pytest

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
