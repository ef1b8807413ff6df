"""What a case is given: connections to the server, and the steps that most cases share."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .audio import load
from .client import Client, Failure, Skip
from .reading import Event, dig, text

PROMPT = "Please tell me in two or three sentences what a lighthouse is for."
LONG = "Please count from one to sixty, in words, one number after the other."
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city, now.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@dataclass(slots=True)
class Target:
    """The server, and what it is told."""

    url: str
    key: str = ""
    model: str = "gpt-realtime"
    timeout: float = 10.0
    speech: Path | None = None
    prompt: str = PROMPT
    long_prompt: str = LONG
    tool_prompt: str = "What is the weather in Paris?"
    tools_prompt: str = "What is the weather in Paris and in London?"


@dataclass(slots=True)
class Reply:
    """Everything of one response."""

    id: str
    events: list[Event]

    @property
    def body(self) -> Event:
        """The response of response.done."""
        return dig(self.events[-1], "response") or {}

    @property
    def items(self) -> list[Event]:
        """Its output items."""
        return dig(self.body, "output") or []

    @property
    def audio(self) -> bytes:
        """All its audio."""
        deltas = [e for e in self.events if e["type"] == "response.output_audio.delta" and e["response_id"] == self.id]
        return b"".join(base64.b64decode(text(e.get("delta"))) for e in deltas)

    @property
    def calls(self) -> list[Event]:
        """Its function calls."""
        return [item for item in self.items if dig(item, "type") == "function_call"]


@dataclass(slots=True)
class Lab:
    """Opens connections for one case and closes them after it."""

    target: Target
    clients: list[Client] = field(default_factory=list)

    async def connect(self, created: bool = True, **query: str) -> Client:
        """A connection whose session.created has been read, unless it is left unread."""
        target = self.target
        client = await Client.open(target.url, target.key, query or {"model": target.model}, target.timeout)
        self.clients.append(client)
        if created:
            await client.expect("session.created")
        return client

    async def browser(self) -> Client:
        """A connection as a browser makes it, with the key among the subprotocols."""
        target = self.target
        offered = ["realtime", f"openai-insecure-api-key.{target.key or 'none'}"]
        client = await Client.open(target.url, target.key, {"model": target.model}, target.timeout, offered)
        self.clients.append(client)
        await client.expect("session.created")
        return client

    async def session(self, **changes: Any) -> Client:
        """A connection whose session has been changed."""
        client = await self.connect()
        await update(client, **changes)
        return client

    def speech(self, rate: int = 24000) -> bytes:
        """The spoken sentence as PCM16."""
        if self.target.speech is None:
            raise Skip("no recording: give one with --speech FILE.wav")
        return load(self.target.speech, rate)


Run = Callable[[Lab], Coroutine[Any, Any, str | None]]


@dataclass(slots=True, frozen=True)
class Case:
    """A named case and the section of the protocol it is about."""

    name: str
    section: str
    run: Run

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (self.run.__doc__ or "").strip().splitlines()[0]


CASES: list[Case] = []


def case(section: str) -> Callable[[Run], Run]:
    """Register a case; its name is that of its module and its own. It may return a note for the report."""

    def register(run: Run) -> Run:
        CASES.append(Case(f"{run.__module__.rsplit('.', 1)[1]}.{run.__name__}", section, run))
        return run

    return register


def check(fact: Any, otherwise: str) -> None:
    """Fail unless something is so."""
    if not fact:
        raise Failure(otherwise)


def same(found: Any, expected: Any, what: str) -> None:
    """Fail unless a value is the one expected."""
    if found != expected:
        raise Failure(f"{what} is {found!r}, expected {expected!r}")


async def update(client: Client, **changes: Any) -> Event:
    """Change the session; returns the session that the server then shows."""
    await client.send("session.update", session={"type": "realtime", **changes})
    return dig(await client.expect("session.updated"), "session")


def hearing(detection: Event | None, **more: Any) -> Event:
    """A session's audio with this turn detection."""
    return {"input": {"turn_detection": detection, **more}}


async def alive(client: Client) -> Event:
    """The connection still works; returns the session."""
    return await update(client)


def message(words: str, role: str = "user", **fields: Any) -> Event:
    """A message item of text."""
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": words}], **fields}


async def create(client: Client, item: Event, /, **fields: Any) -> Event:
    """Create an item and wait until it is in the conversation; returns it."""
    await client.send("conversation.item.create", item=item, **fields)
    keys = ("id", "type", "role") if "id" in item else ("type", "role")
    added = await client.expect(
        "conversation.item.added", where=lambda e: all(dig(e, "item", key) == item.get(key) for key in keys)
    )
    item_id = dig(added, "item", "id")
    done = await client.expect("conversation.item.done", where=lambda e: dig(e, "item", "id") == item_id)
    return dig(done, "item")


async def begin(client: Client, prompt: str, /, **response: Any) -> str:
    """Say something and ask for a response; returns its id once it is created."""
    await create(client, message(prompt))
    return await ask(client, **response)


async def ask(client: Client, /, **response: Any) -> str:
    """Ask for a response; returns its id once it is created."""
    await client.send("response.create", **({"response": response} if response else {}))
    return text(dig(await client.expect("response.created"), "response", "id"))


async def finish(client: Client, response_id: str, strict: bool = True) -> Reply:
    """Wait for the end of a response; unless strict, errors meanwhile stay unread."""
    done = await client.expect(
        *(["response.done"] if strict else ["response.done", "error"]),
        where=lambda e: dig(e, "response", "id") == response_id,
        timeout=4 * client.timeout,
    )
    items = {dig(item, "id") for item in dig(done, "response", "output") or []}
    mine = client.take(lambda e: e.get("response_id") == response_id or dig(e, "item", "id") in items)
    return Reply(response_id, [*mine, done])


async def stop(client: Client, response_id: str, /, **fields: Any) -> Reply:
    """Cancel a response and wait for its end; the cancel may come too late, and is then refused."""
    sent = await client.send("response.cancel", **fields)
    found = await finish(client, response_id, strict=False)
    if dig(found.body, "status_details", "reason") != "client_cancelled":
        await client.error(sent, "response_cancel_not_active")
    return found


async def reply(client: Client, prompt: str, /, **response: Any) -> Reply:
    """Say something and hear the whole response, which must be completed."""
    found = await finish(client, await begin(client, prompt, **response))
    same(dig(found.body, "status"), "completed", "response.status")
    return found


async def refused(client: Client, kind: str, /, *codes: str | None, **fields: Any) -> Event:
    """Send an event that must be answered by an error, with one of these codes if any are given."""
    try:
        return await client.error(await client.send(kind, **fields), *codes)
    except Failure as failure:
        raise Failure(f"{kind} {str(fields)[:120]}: {failure}") from None


async def retrieve(client: Client, item_id: str) -> Event:
    """An item as the server holds it."""
    await client.send("conversation.item.retrieve", item_id=item_id)
    found = await client.expect("conversation.item.retrieved")
    return dig(found, "item")


async def close(lab: Lab) -> list[str]:
    """Close every connection of a case; returns what stayed open."""
    left = []
    for client in lab.clients:
        with contextlib.suppress(OSError):
            left += await client.close()
    return left
