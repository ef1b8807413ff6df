"""openai-agents' own session, every frame of which goes through the checkers of shape and of order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from agents.realtime import RealtimeAgent, RealtimeRunner, RealtimeSession
from agents.realtime.openai_realtime import OpenAIRealtimeWebSocketModel
from tests.conformance.order import OrderChecker
from tests.conformance.schema import SchemaChecker

WAIT_S, SETTLE_S = 15.0, 5.0


class _Model(OpenAIRealtimeWebSocketModel):
    """Tells the checker what leaves."""

    def __init__(self, order: OrderChecker) -> None:
        super().__init__()
        self._order = order

    async def _create_websocket_connection(self, *args: Any, **kwargs: Any) -> Any:
        socket = await super()._create_websocket_connection(*args, **kwargs)
        send = socket.send

        async def told(data: str) -> None:
            self._order.sent(json.loads(data))
            await send(data)

        socket.send = told  # type: ignore[method-assign, assignment]
        return socket


class Running:
    """A session that runs; events are kept as they come."""

    def __init__(self, session: RealtimeSession, order: OrderChecker) -> None:
        self.session = session
        self.events: list[Any] = []
        """Of the session, raw ones left out."""
        self.raw: list[dict[str, Any]] = []
        """Of the server."""
        self.refused: set[str] = set()
        """Codes of errors that are no failure."""
        self._order, self._schema = order, SchemaChecker()
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self.session:
            if event.type == "raw_model_event":
                if event.data.type == "raw_server_event":
                    self._server(event.data.data)
            else:
                self.events.append(event)
            self._news.set()

    def _server(self, event: dict[str, Any]) -> None:
        self._order.received(event)
        self._schema.received(event, len(json.dumps(event)))
        self.raw.append(event)

    async def expect(self, kind: str, where: Callable[[Any], bool] = lambda event: True) -> Any:
        """The first event of a type."""
        return await self._first(lambda: next((e for e in self.events if e.type == kind and where(e)), None), kind)

    async def server(self, kind: str, count: int = 1) -> dict[str, Any]:
        """The nth event of the server of a type."""

        def found() -> Any:
            events = [event for event in self.raw if event["type"] == kind]
            return events[count - 1] if len(events) >= count else None

        return await self._first(found, kind)

    async def _first(self, find: Any, what: str) -> Any:
        try:
            async with asyncio.timeout(WAIT_S):
                while (found := find()) is None:
                    self._news.clear()
                    await self._news.wait()
                return found
        except TimeoutError:
            tail = [event["type"] for event in self.raw[-12:]]
            raise AssertionError(f"{what} did not come, after {tail} and {self._errors()}") from None

    def _errors(self) -> list[Any]:
        errors = [event.error for event in self.events if event.type == "error"]
        return [error for error in errors if getattr(error, "code", None) not in self.refused]

    async def said(self, number: int) -> str:
        """What the nth response said."""
        response = (await self.server("response.done", number))["response"]
        parts = [part for item in response["output"] for part in item.get("content", [])]
        return " ".join(part.get("transcript") or part.get("text") or "" for part in parts)

    def history(self, role: str) -> list[str]:
        """What the client believes was said by somebody."""
        found = [event for event in self.events if event.type == "history_updated"]
        items = [item for item in found[-1].history if item.type == "message" and item.role == role] if found else []
        shown = []
        for item in items:
            parts = [getattr(part, "transcript", None) or getattr(part, "text", None) or "" for part in item.content]
            shown.append(" ".join(parts))
        return shown

    async def settle(self) -> None:
        """Wait for rest, and judge."""
        try:
            async with asyncio.timeout(SETTLE_S):
                while self._order.finish():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass
        assert self._errors() == []
        assert self._schema.violations == []
        assert self._order.violations == []
        assert self._order.finish() == []

    async def stop(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


@asynccontextmanager
async def running(url: str, agent: RealtimeAgent, config: Any = None, **model_config: Any) -> AsyncIterator[Running]:
    """An agent at work on a server, judged when all went well."""
    order = OrderChecker()
    runner = RealtimeRunner(agent, model=_Model(order), config=config)
    session = await runner.run(model_config={"url": f"{url}?model=m", "api_key": "x", **model_config})
    async with session:
        run = Running(session, order)
        try:
            yield run
            await run.settle()
        finally:
            await run.stop()
