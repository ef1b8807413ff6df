from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from vivavoce.providers.hosted.closing import Ended, cause
from vivavoce.providers.hosted.failures import Service, failure

WHO = Service("vendor:model", "VENDOR_API_KEY")
CODES = {
    1000: "died",
    1008: "refused",
    1011: "died",
    1013: "rate_limited",
    3000: "refused",
    4001: "refused",
    4102: "rate_limited",
}


@pytest.mark.parametrize("code", CODES)
def test_close_codes_mean_what_http_would_say(code: int) -> None:
    error = ConnectionClosedError(Close(code, "sk-secret"), None)
    told = failure(cause(error), WHO)
    assert told.code == CODES[code]
    assert "sk-secret" not in told.detail


def test_a_session_that_is_too_old_just_ended() -> None:
    assert isinstance(cause(ConnectionClosedError(Close(3008, "expired"), None)), Ended)


def test_a_connection_that_breaks_off_died() -> None:
    assert failure(cause(ConnectionClosedError(None, None)), WHO).code == "died"


def test_other_errors_are_their_own_cause() -> None:
    error = KeyError("x")
    assert cause(error) is error
