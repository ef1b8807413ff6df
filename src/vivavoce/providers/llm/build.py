"""From the name of a model to pydantic-ai's object for it. Everything heavy is imported here, on purpose and late."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..base import ProviderError
from .failures import INSTALL

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI
    from pydantic_ai.models import Model
    from pydantic_ai.providers import Provider

OLLAMA_URL = "http://127.0.0.1:11434/v1"
_KEY_NAME = re.compile(r"\b[A-Z][A-Z0-9_]*_(?:KEY|TOKEN)\b")
_EXTRAS = {name: f"vivavoce[{name}]" for name in ("anthropic", "google", "mistral", "bedrock", "groq")}
"""Ours, by vendor; pydantic-ai has more."""
_LEAVING_OPEN = ("google:", "google-cloud:", "mistral:")
"""Vendors whose SDKs do not close a response that is read no further."""
_LONGEST_S = 60.0
"""Longest wait for a read or a write; the engine's own limits are far below."""
Close = Callable[[], Awaitable[None]]
responses: ContextVar[list[Close]] = ContextVar("responses")
"""Where the client of such an SDK notes how to close each response it begins to read."""


@dataclass(frozen=True, slots=True)
class Built:
    """A model, and how to close the client that is ours, if any."""

    model: Model
    close: Close | None = None
    compatible: bool = False
    """Is it some server, not a vendor of which we know what it can do?"""


def require() -> None:
    """Raises `ProviderError("missing")` unless pydantic-ai and the OpenAI SDK can be imported."""
    try:
        import openai  # noqa: F401
        import pydantic_ai  # noqa: F401
    except ImportError:
        raise ProviderError("missing", INSTALL) from None


def public_name(name: str) -> str:
    """The name as it may be logged: an address without its user and query, which may hold a key."""
    if not name.startswith(("http://", "https://")):
        return name
    url, _, model = name.partition("#")
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}#{model}"


def build_model(name: str, api_key: str | None = None) -> Built:
    """The model of that name: `http://HOST:PORT/v1#MODEL`, `ollama:MODEL`, or any name pydantic-ai knows.

    Raises `ProviderError` with code `missing` (an extra), `not_found` (no such provider or model) or `refused` (no
    key).
    """
    require()
    if name.startswith(("http://", "https://")):
        url, _, model = name.partition("#")
        if not model or not urlsplit(url).hostname:
            raise ProviderError(
                "not_found", f"{public_name(name)} names no model; write it as http://HOST:PORT/v1#MODEL."
            )
        return _compatible(url, model, api_key)
    if name.startswith("ollama:"):
        model = name.removeprefix("ollama:")
        if not model:
            raise ProviderError("not_found", "ollama: names no model; write ollama:MODEL, and see `ollama list`.")
        return _ollama(os.environ.get("OLLAMA_BASE_URL") or OLLAMA_URL, model, api_key)
    if name.startswith(_LEAVING_OPEN):
        return _noting(name)
    return Built(_inferred(name))


def _noting(name: str) -> Built:
    """A model whose responses are noted, to be closed by who stops reading.

    Google's SDK keeps a response in a circle of references, open until memory is tidied up.
    """
    import httpx2

    async def note(response: httpx2.Response) -> None:
        if (begun := responses.get(None)) is not None:
            begun.append(response.aclose)

    client = httpx2.AsyncClient(timeout=httpx2.Timeout(_LONGEST_S, connect=5), event_hooks={"response": [note]})
    return Built(_inferred(name, client), client.aclose)


def _compatible(url: str, model: str, api_key: str | None) -> Built:
    try:
        from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

        from .compatible import CompatibleModel
    except ImportError:
        raise ProviderError("missing", "pydantic-ai is too old: pip install --upgrade 'vivavoce[llm]'.") from None
    client = _client(url, api_key)
    provider = OpenAICompatibleProvider(urlsplit(url).hostname or "", openai_client=client)
    return Built(CompatibleModel(model, provider=provider), client.close, compatible=True)


def _ollama(url: str, model: str, api_key: str | None) -> Built:
    from pydantic_ai.providers.ollama import OllamaProvider

    from .compatible import CompatibleOllama

    client = _client(url, api_key or os.environ.get("OLLAMA_API_KEY"))
    return Built(CompatibleOllama(model, provider=OllamaProvider(openai_client=client)), client.close, compatible=True)


def _client(url: str, api_key: str | None) -> AsyncOpenAI:
    """A client that asks once, and asks this machine without a proxy.

    A key is always given, as the SDK would otherwise take OPENAI_API_KEY and send it to a stranger.
    """
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    http = DefaultAsyncHttpxClient(trust_env=not _is_local(url))
    return AsyncOpenAI(base_url=url, api_key=api_key or "none", max_retries=0, http_client=http)


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _inferred(name: str, client: httpx2.AsyncClient | None = None) -> Model:
    from pydantic_ai.exceptions import UserError
    from pydantic_ai.models import infer_model
    from pydantic_ai.providers import infer_provider, infer_provider_class

    def with_client(vendor: str) -> Provider[object]:
        kind: Callable[..., Provider[object]] = infer_provider_class(vendor)
        return kind(http_client=client)

    vendor = name.partition(":")[0]
    try:
        return infer_model(name, infer_provider if client is None else with_client)
    except ImportError:
        extra = _EXTRAS.get(vendor, f"pydantic-ai-slim[{vendor}]")
        raise ProviderError("missing", f"{name} needs its vendor's SDK: pip install '{extra}'.") from None
    except (UserError, ValueError) as error:
        key = _KEY_NAME.search(str(error))
        if key is None:
            raise ProviderError(
                "not_found", f"{name} is no model name; write PROVIDER:MODEL, such as openai:gpt-5-mini."
            ) from None
        raise ProviderError("refused", f"{name} needs a key; set the environment variable {key[0]}.") from None
    except Exception as error:
        # The SDKs' own errors for a missing key share no base class.
        key = _KEY_NAME.search(str(error))
        fix = f"set the environment variable {key[0]}" if key else "see its documentation"
        raise ProviderError("refused", f"{name} cannot be used yet ({type(error).__name__}); {fix}.") from None
