"""What went wrong with a language model, as one `ProviderError` with a stable code and a line that names the fix.

    timeout        no answer in time, or it stalled
    refused        the key, the account or the request was not accepted
    rate_limited   too many requests for now
    not_found      no such model, or no such address
    died           the connection or the service broke
    closed         the model was closed by ourselves

The messages are our own words: what a service answers may quote a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from ..base import ProviderError

INSTALL = "Language models need an extra: pip install 'vivavoce[llm]'."
_TIMEOUTS = {"ModelTimeoutError", "ModelRequestTimeout", "APITimeoutError", "TimeoutException", "TimeoutError"}
_BROKEN = {"ModelConnectionError", "APIConnectionError", "TransportError", "StreamError", "ConnectionError", "OSError"}
_NO_ANSWER = {"UnexpectedModelBehavior", "JSONDecodeError", "ValidationError", "UnicodeDecodeError"}
_TOLD = {"ModelAPIError", "APIError"}
_QUOTA = {"ModelQuotaExceededError"}
_UNUSABLE = {"ContentFilterError": "held the answer back by its content filter; rephrase, or choose another model"}


def failure(error: Exception, model: str) -> ProviderError:
    """The `ProviderError` for an error raised by pydantic-ai or anything below it."""
    if isinstance(error, ProviderError):
        return error
    names = set(_names(error))
    status = _status(error)
    if names & _QUOTA or status == 402:
        return ProviderError(
            "refused", f"{model}: the account has no credit left; check its billing, or use another key."
        )
    if status is not None:
        return _for_status(status, model)
    if names & _TIMEOUTS or isinstance(error, asyncio.TimeoutError):
        return stalled(model)
    for name, detail in _UNUSABLE.items():
        if name in names:
            return ProviderError("refused", f"{model} {detail}.")
    if names & _BROKEN:
        return ProviderError("died", f"{model}: the connection broke or was refused; check that the service is up.")
    if names & _NO_ANSWER:
        return ProviderError(
            "died", f"{model} sent something that is no answer; check the address and the server's log."
        )
    if names & _TOLD:
        return ProviderError("died", f"{model}: the service failed while it answered; try again, or use another model.")
    unknown = ProviderError("died", f"{model} failed ({type(error).__name__}); see the log for its cause.")
    unknown.__cause__ = error
    return unknown


def stalled(model: str, seconds: float | None = None) -> ProviderError:
    """The error for a model that let us wait for `seconds`."""
    waited = f" within {seconds:g} s" if seconds is not None else " in time"
    return ProviderError("timeout", f"{model} sent nothing{waited}; try a smaller model, or allow it more time.")


def _for_status(status: int, model: str) -> ProviderError:
    if status in (401, 403):
        return ProviderError(
            "refused", f"{model}: the key was not accepted ({status}); set the right key for this service."
        )
    if status == 404:
        return ProviderError(
            "not_found", f"{model} does not exist there (404); check the model's name and the address."
        )
    if status == 429:
        return ProviderError("rate_limited", f"{model}: too many requests (429); wait, or raise the account's limit.")
    if status in (408, 504):
        return stalled(model)
    if 400 <= status < 500:
        return ProviderError(
            "refused", f"{model} did not accept the request ({status}); check its tools and the length of the history."
        )
    return ProviderError("died", f"{model}: the service failed ({status}); try again, or use another model.")


def _names(error: BaseException) -> Iterator[str]:
    """Class names along the chain of causes: pydantic-ai and the SDKs below it move theirs between versions."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield from (kind.__name__ for kind in type(link).__mro__)
        link = link.__cause__ or link.__context__


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) and status >= 400 else None
