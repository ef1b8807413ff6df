"""From the name of a model to pydantic-ai's object for it. Everything heavy is imported here, on purpose and late."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..base import ProviderError
from .failures import INSTALL

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from pydantic_ai.models import Model

OLLAMA_URL = "http://127.0.0.1:11434/v1"
_KEY_NAME = re.compile(r"\b[A-Z][A-Z0-9_]*_(?:KEY|TOKEN)\b")


@dataclass(frozen=True, slots=True)
class Built:
    """A model, and the client that is ours to close, if any."""

    model: Model
    client: AsyncOpenAI | None = None


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
    return Built(_inferred(name))


def _compatible(url: str, model: str, api_key: str | None) -> Built:
    try:
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
    except ImportError:
        raise ProviderError("missing", "pydantic-ai is too old: pip install --upgrade 'vivavoce[llm]'.") from None
    client = _client(url, api_key)
    provider = OpenAICompatibleProvider(urlsplit(url).hostname or "", openai_client=client)
    return Built(OpenAIChatModel(model, provider=provider), client)


def _ollama(url: str, model: str, api_key: str | None) -> Built:
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.providers.ollama import OllamaProvider

    client = _client(url, api_key or os.environ.get("OLLAMA_API_KEY"))
    return Built(OllamaModel(model, provider=OllamaProvider(openai_client=client)), client)


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


def _inferred(name: str) -> Model:
    from pydantic_ai.exceptions import UserError
    from pydantic_ai.models import infer_model

    vendor = name.partition(":")[0]
    try:
        return infer_model(name)
    except ImportError:
        raise ProviderError(
            "missing", f"{name} needs its vendor's SDK: pip install 'pydantic-ai-slim[{vendor}]'."
        ) from None
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
