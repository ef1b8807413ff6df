"""Who may come in: credentials, the origin of browser pages, and a brake on guessing."""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...core.errors import BadInput
from .errors import Refused
from .keys import Keys
from .vault import Credential

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

LOOPBACK_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
_KEY_PROTOCOL = "openai-insecure-api-key."
_ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[^/\s]+")


class Brake:
    """A token bucket for each client address."""

    def __init__(
        self,
        most: float = 20,
        per_s: float = 0.5,
        now: Callable[[], float] = time.monotonic,
        addresses: int = 10_000,
    ) -> None:
        """`most` failures at once, then `per_s` of them a second. Remembers that many addresses."""
        self._most = most
        self._per_s = per_s
        self._now = now
        self._addresses = addresses
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """How long this address has to wait; 0 when it may try."""
        left = self._tokens(network(address))
        return 0.0 if left >= 1 else (1 - left) / self._per_s

    def failed(self, address: str) -> None:
        """This address has tried and failed."""
        name = network(address)
        self._left[name] = (self._tokens(name) - 1, self._now())
        self._left.move_to_end(name)
        if len(self._left) > self._addresses:
            self._left.popitem(last=False)

    def _tokens(self, name: str) -> float:
        left, since = self._left.get(name, (self._most, 0.0))
        return min(self._most, left + (self._now() - since) * self._per_s)


def network(address: str) -> str:
    """What one client is likely to own: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped) if mapped else str(ipaddress.ip_network(f"{parsed.packed.hex(':', 2)}/64", strict=False))


class Door:
    """Checks every request and every handshake."""

    def __init__(self, keys: Keys, allow_origins: Sequence[str] = (), brake: Brake | None = None) -> None:
        """`allow_origins` come in besides loopback while no API key is configured. Raises BadInput for a bad one."""
        self.keys = keys
        self.brake = brake if brake is not None else Brake()
        self.origins = tuple(origin.rstrip("/").lower() for origin in allow_origins)
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise BadInput(f"{origin!r} is no origin; fix: write it as https://example.org")

    def check_origin(self, origins: Sequence[str]) -> None:
        """Without API keys, raises Refused for a page of another site: it would act as the person at this machine."""
        if not self.keys.open or "*" in self.origins:
            return
        for origin in origins:
            if origin not in self.origins and not re.fullmatch(LOOPBACK_ORIGIN, origin):
                raise Refused(403, "origin_not_allowed", "This server does not accept requests from this web page.")

    async def admit(self, connection: HTTPConnection) -> Credential:
        """Whose request this is. Raises Refused."""
        address = connection.client.host if connection.client else ""
        wait_s = self.brake.wait_s(address)
        if wait_s:
            after = {"Retry-After": str(math.ceil(wait_s))}
            raise Refused(429, "rate_limit_exceeded", "Too many failed attempts; try again later.", headers=after)
        key = given_key(connection)
        credential = await self.keys.find(key)
        if credential is not None:
            return credential
        self.brake.failed(address)
        challenge = {"WWW-Authenticate": "Bearer"}
        if key is None:
            raise Refused(401, None, "No API key was given. Send it as 'Authorization: Bearer KEY'.", None, challenge)
        raise Refused(401, "invalid_api_key", "The API key or client secret is wrong or expired.", None, challenge)


def given_key(connection: HTTPConnection) -> str | None:
    """The key that a request carries in a header or in a subprotocol; None when there is none."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    if key := connection.headers.get("api-key", "").strip():
        return key
    for name in subprotocols(connection):
        if name.startswith(_KEY_PROTOCOL) and len(name) > len(_KEY_PROTOCOL):
            return name[len(_KEY_PROTOCOL) :]
    return None


def subprotocols(connection: HTTPConnection) -> list[str]:
    """The subprotocols a client offers."""
    names: list[str] = connection.scope.get("subprotocols", [])
    return names
