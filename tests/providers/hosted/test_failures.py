"""What SDKs and the libraries below them raise, and what is said of it."""

from __future__ import annotations

import json

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidHandshake

from vivavoce.providers.base import ProviderError
from vivavoce.providers.hosted.failures import Answered, Service, failure, needed, stalled

SERVICE = Service("acme:one", "ACME_API_KEY")


class Coded(Exception):
    status_code = 429
    code = "insufficient_quota"


class Wrapped(Exception):
    response = type("Response", (), {"status_code": 401})()


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (Answered(400), "refused", "did not accept the request (400)"),
        (Answered(401), "refused", "check ACME_API_KEY"),
        (Answered(402), "refused", "no credit left"),
        (Answered(404), "not_found", "no such model or voice"),
        (Answered(429), "rate_limited", "too many requests"),
        (Answered(503), "died", "the service failed (503)"),
        (Answered(504), "timeout", "sent nothing in time"),
        (Coded(), "refused", "no credit left"),
        (Wrapped(), "refused", "check ACME_API_KEY"),
        (TimeoutError(), "timeout", "sent nothing in time"),
        (httpx.ReadTimeout("k"), "timeout", "sent nothing in time"),
        (httpx.ConnectError("k"), "died", "the connection broke or was refused"),
        (httpx.RemoteProtocolError("k"), "died", "the connection broke or was refused"),
        (ConnectionRefusedError(), "died", "the connection broke or was refused"),
        (ConnectionClosedError(None, None), "died", "the connection broke or was refused"),
        (InvalidHandshake("k"), "died", "no answer"),
        (json.JSONDecodeError("k", "k", 0), "died", "no answer"),
        (RuntimeError("k"), "died", "failed (RuntimeError)"),
    ],
)
def test_errors_have_stable_codes_and_name_the_fix(error, code, says):
    found = failure(error, SERVICE)
    assert found.code == code
    assert says in found.detail
    assert found.detail.startswith("acme:one")


def test_the_cause_counts_where_an_sdk_wraps_it():
    error = RuntimeError("wrapped")
    error.__cause__ = httpx.ConnectTimeout("k")
    assert failure(error, SERVICE).code == "timeout"


def test_a_provider_error_stays_itself():
    error = ProviderError("closed", "gone")
    assert failure(error, SERVICE) is error


def test_a_stall_says_how_long():
    assert "within 2.5 s" in stalled(SERVICE, 2.5).detail


def test_a_missing_package_says_what_to_install():
    with pytest.raises(ProviderError, match=r"pip install 'vivavoce\[acme\]'") as caught, needed("acme"):
        import no_such_package  # noqa: F401
    assert caught.value.code == "missing"
