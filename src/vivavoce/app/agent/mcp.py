"""MCP servers as tools of an agent: those at an address, and those that are run here and spoken to over pipes.

The connections live on the loop of a thread of their own: tools are called from the threads of many calls, and the
loop that serves them may keep virtual time.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from ...core.errors import BadInput
from ...core.events import ToolSpec
from ...providers.base import Tool
from ...runtime.clock import busy
from ...runtime.tools import ToolCode

if TYPE_CHECKING:
    from mcp import Client

    from .agent import Agent

T = TypeVar("T")
Given = str | Mapping[str, Any]
LIST_S = 15.0
"""Time for a server to tell its tools, its start included."""
_KEYS = {"url": "headers", "command": "env"}
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is: at an address, or in a command."""

    url: str = ""
    command: tuple[str, ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    """Headers of every request, or variables of the environment."""

    def __str__(self) -> str:
        """For people, without what may be secret."""
        if self.command:
            return " ".join(word for word in self.command if "=" not in word)
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def place_of(given: Given) -> Place:
    """An address or a command, as an agent is given it. Raises BadInput."""
    if isinstance(given, str):
        given = {"url" if given.startswith(("http://", "https://")) else "command": given}
    kinds = [kind for kind in _KEYS if kind in given] if isinstance(given, Mapping) else []
    if len(kinds) != 1 or set(given) - {kinds[0], _KEYS[kinds[0]]}:
        raise BadInput(
            f"{given!r} is no MCP server; fix: give an address, a command, {{'url': ..., 'headers': {{...}}}} or "
            "{'command': ..., 'env': {...}}"
        )
    kind, where = kinds[0], given[kinds[0]]
    more = tuple((str(name), str(value)) for name, value in given.get(_KEYS[kind], {}).items())
    if kind == "url":
        if not urlsplit(where).hostname:
            raise BadInput(f"{where!r} is no address of an MCP server; fix: write it as https://host/mcp")
        return Place(url=where, more=more)
    return Place(command=_words(where), more=more)


def _words(command: str | Iterable[str]) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(command) if isinstance(command, str) else command)
    except ValueError as error:
        raise BadInput(f"the command of an MCP server cannot be read: {error}: {command}") from None
    if not words or "://" in words[0]:
        raise BadInput(f"{command!r} is no command of an MCP server; fix: addresses begin with http:// or https://")
    return words


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server can do."""

    name: str
    """Its own, as part of names of tools."""
    tools: tuple[dict[str, Any], ...]
    """With `name`, `description`, `input_schema` and `read_only`."""
    call: Callable[[str, dict[str, Any]], Coroutine[Any, Any, str]]
    """The text of a tool's result, from any loop. Raises RuntimeError with what went wrong."""


@asynccontextmanager
async def offered(places: Iterable[Place]) -> AsyncIterator[dict[Place, Offer]]:
    """What these servers offer; connections and processes last until the end. Raises BadInput for one that is not
    there, naming it."""
    wanted = dict.fromkeys(places)
    if not wanted:
        yield {}
        return
    if find_spec("mcp") is None:
        raise BadInput("tools on MCP servers need a package; fix: pip install 'vivavoce[mcp]'")
    home = _Home()
    servers: dict[Place, _Server] = {place: _Process(place) if place.command else _Remote(place) for place in wanted}

    async def ask() -> list[Offer | BaseException]:
        asking = (_offer(home, place, server) for place, server in servers.items())
        return await asyncio.gather(*asking, return_exceptions=True)

    async def close() -> None:
        await asyncio.gather(*(server.close() for server in servers.values()))

    try:
        offers: dict[Place, Offer] = {}
        for place, offer in zip(wanted, await _outside(home.run(ask())), strict=True):
            if isinstance(offer, BaseException):
                raise offer
            offers[place] = offer
        yield offers
    finally:
        await _outside(home.run(close()))
        home.close()


def tools_of(agent: Agent, offers: Mapping[Place, Offer]) -> tuple[ToolCode, ...]:
    """The tools of an agent's servers. Of two tools of one name the later one gets its server's name in front.

    Raises BadInput where that does not help.
    """
    found: dict[str, ToolCode] = {}
    for place in dict.fromkeys(agent.mcp):
        offer = offers[place]
        for tool in offer.tools:
            names = (_name(tool["name"]), _name(f"{offer.name}_{tool['name']}"))
            name = next((name for name in names if name not in agent.tools and name not in found), "")
            if not name:
                fix = "rename the agent's own, or leave the server out"
                raise BadInput(f"agent {agent.name} has two tools {names[1]!r}, one of MCP server {place}; fix: {fix}")
            found[name] = _code(name, tool, offer)
    return tuple(found.values())


def _code(name: str, tool: dict[str, Any], offer: Offer) -> ToolCode:
    async def call(**arguments: Any) -> str:
        return await offer.call(tool["name"], arguments)

    call.__name__ = name
    spec = ToolSpec(name, tool["read_only"], answered=True)
    return ToolCode(Tool(name, tool["description"], tool["input_schema"]), spec, call)


def _name(text: str) -> str:
    """As models accept it."""
    return _NO_NAME.sub("_", text)[:64]


async def _offer(home: _Home, place: Place, server: _Server) -> Offer:
    """Raises BadInput."""
    from ..mcp import all_tools, reason

    try:
        async with asyncio.timeout(LIST_S), server.client() as client:
            tools, info = await all_tools(client), client.server_info
    except TimeoutError:
        why = f"no answer within {LIST_S:g} s"
    except RuntimeError as error:
        why = str(error)
    except Exception as error:
        why = reason(error)
    else:
        return Offer(info.name if info else "mcp", tuple(tools), lambda *asked: home.run(_call(server, *asked)))
    fix = "try the command by itself" if place.command else "start the server"
    raise BadInput(f"MCP server {place} gives no tools: {why}; fix: {fix}, or correct it in `mcp`")


async def _call(server: _Server, name: str, arguments: dict[str, Any]) -> str:
    from ..mcp import reason, text_of

    try:
        async with server.client() as client:
            result = await client.call_tool(name, arguments)
    except RuntimeError:
        raise
    except Exception as error:
        raise RuntimeError(reason(error)) from error
    return text_of(result)


async def _outside(work: Coroutine[Any, Any, T]) -> T:
    """Wait for what goes on outside of this loop, whose time may be virtual."""
    busy(1)
    try:
        return await work
    finally:
        busy(-1)


class _Home:
    """A loop on a thread of its own, a daemon."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._main, name="vivavoce-mcp", daemon=True)
        self._thread.start()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it there, from any loop; cancelled with whoever waits."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._over.wait())


class _Server(Protocol):
    """Used on the loop of its home only."""

    def client(self) -> AbstractAsyncContextManager[Client]:
        """For a call, or for the list."""
        ...

    async def close(self) -> None: ...


class _Remote:
    """A server at an address; each call makes a connection of its own."""

    def __init__(self, place: Place) -> None:
        from ...wire.openai_realtime.tools import McpServer

        self._server = McpServer(str(place), place.url, headers=place.more)

    def client(self) -> AbstractAsyncContextManager[Client]:
        from ..mcp import connected

        return connected(self._server)

    async def close(self) -> None:
        """Nothing is kept."""


class _Process:
    """A server that is run here: one process for everybody, run again when it has died."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = asyncio.Lock()
        self._running: Any = None

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        from .mcp_process import Running

        async with self._lock:
            if self._running is None or self._running.over.is_set():
                await self.close()
                self._running = Running(self._place.command, dict(self._place.more))
            running = self._running
            client = await running.client()
        try:
            yield client
        except Exception as error:
            if running.over.is_set():
                raise RuntimeError(await running.why()) from error
            raise

    async def close(self) -> None:
        if self._running is not None:
            await self._running.close()
