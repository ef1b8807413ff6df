"""What went wrong with a hosted engine, as one `ProviderError` with a stable code and a line that names the fix.

    timeout        no answer in time, or it stalled
    refused        the key, the account or the request was not accepted
    rate_limited   too many requests for now
    not_found      no such model or voice, or no such address
    died           the connection or the service broke
    missing        its package is not installed
    closed         the engine was closed

The messages are our own words: what a service answers, and what an SDK raises, may quote a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..base import ProviderError

_TIMEOUTS = {"TimeoutError", "TimeoutException", "APITimeoutError"}
_BROKEN = {"ConnectionClosed", "ConnectionError", "APIConnectionError", "TransportError", "StreamError", "OSError"}
_NO_ANSWER = {"ValueError", "InvalidHandshake", "DecodingError", "TypeError", "AttributeError"}
_NO_CREDIT = {"insufficient_quota", "quota_exceeded", "payment_required"}


@dataclass(frozen=True, slots=True)
class Service:
    """Who is spoken of in a message."""

    name: str
    """`vendor:model`."""
    variable: str
    """The environment variable of its key."""


class Answered(Exception):
    """A service said by a message of its own protocol that it could not; `status` is like HTTP's."""

    def __init__(self, status: int, code: str = "") -> None:
        super().__init__(f"{status} {code}")
        self.status_code = status
        self.code = code


@contextmanager
def needed(extra: str) -> Iterator[None]:
    """Around the import of an SDK. Raises `ProviderError` code `missing`."""
    try:
        yield
    except ImportError:
        raise ProviderError("missing", f"This engine needs an extra: pip install 'vivavoce[{extra}]'.") from None


def failure(error: BaseException, service: Service) -> ProviderError:
    """The `ProviderError` for an error raised by a vendor's SDK or anything below it."""
    if isinstance(error, ProviderError):
        return error
    status = _status(error)
    if status is not None:
        return _for_status(402 if getattr(error, "code", None) in _NO_CREDIT else status, service)
    names = set(_names(error))
    if names & _TIMEOUTS:
        return stalled(service)
    if names & _BROKEN:
        return ProviderError("died", f"{service.name}: the connection broke or was refused; check that it is up.")
    if names & _NO_ANSWER:
        return ProviderError("died", f"{service.name} sent something that is no answer; check the address.")
    return ProviderError("died", f"{service.name} failed ({type(error).__name__}); try again, or use another engine.")


def stalled(service: Service, seconds: float | None = None) -> ProviderError:
    """The error for an engine that let us wait for `seconds`."""
    waited = f" within {seconds:g} s" if seconds is not None else " in time"
    return ProviderError("timeout", f"{service.name} sent nothing{waited}; check the network, or use another engine.")


def _for_status(status: int, service: Service) -> ProviderError:
    name = service.name
    if status in (401, 403):
        detail = f"{name}: key or account was not accepted ({status}); check {service.variable} and the billing."
        return ProviderError("refused", detail)
    if status == 402:
        return ProviderError("refused", f"{name}: the account has no credit left (402); check its billing.")
    if status == 404:
        return ProviderError("not_found", f"{name}: no such model or voice (404); check both names and the address.")
    if status == 429:
        return ProviderError("rate_limited", f"{name}: too many requests (429); wait, or raise the account's limit.")
    if status in (408, 504):
        return stalled(service)
    if 400 <= status < 500:
        detail = f"{name} did not accept the request ({status}); check the model's name, the voice and the language."
        return ProviderError("refused", detail)
    return ProviderError("died", f"{name}: the service failed ({status}); try again, or use another engine.")


def _names(error: BaseException) -> Iterator[str]:
    """Class names along the chain of causes: SDKs wrap what their HTTP clients raise."""
    link: BaseException | None = error
    for _ in range(10):
        if link is None:
            return
        yield from (kind.__name__ for kind in type(link).__mro__)
        link = link.__cause__ or link.__context__


def _status(error: BaseException) -> int | None:
    answer = getattr(error, "response", None)
    for status in (getattr(error, "status_code", None), getattr(answer, "status_code", None)):
        if isinstance(status, int) and status >= 400:
            return status
    return None
