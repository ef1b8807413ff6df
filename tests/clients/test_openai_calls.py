"""Calls over WebRTC as openai's Python client begins, joins and ends them; the caller is a peer on aiortc."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError
from tests.clients.process import Served
from tests.clients.talk import Talk
from tests.conformance.order import OrderChecker
from tests.conformance.schema import SchemaChecker
from tests.transports.webrtc.far_end import AiortcFarEnd
from websockets.exceptions import InvalidStatus

pytest.importorskip("aiortc")

pytestmark = [pytest.mark.offline, pytest.mark.slow]

WAIT_S = 20.0
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the current weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


class Caller(AiortcFarEnd):
    """A silent caller, whose channel is watched over by the checkers of order and shape."""

    def __init__(self) -> None:
        super().__init__()
        self.loud = False
        self.call_id = ""
        self._order, self._schema = OrderChecker(), SchemaChecker()

    def got(self, message: Any) -> None:
        assert isinstance(message, str)
        event = json.loads(message)
        self._order.received(event)
        self._schema.received(event, len(message))
        super().got(event)

    def tell(self, kind: str, **fields: Any) -> None:
        event = {"type": kind, **fields}
        self._order.sent(event)
        self.send(json.dumps(event))

    def shares_session_with(self, other: Talk) -> None:
        """What the other sends is answered to both."""
        other._listeners.append(self._order)

    async def expect(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            while (event := await self.next_message())["type"] != kind:
                assert event["type"] != "error", event
        return event

    @property
    def violations(self) -> list[str]:
        return [*self._order.violations, *self._schema.violations]


@asynccontextmanager
async def calling(client: AsyncOpenAI, **session: Any) -> AsyncIterator[Caller]:
    """A call that the client placed for a caller, with its channel open."""
    caller = Caller()
    try:
        extra: Any = {"session": {"type": "realtime", **session}} if session else {}
        answer = await client.realtime.calls.create(sdp=await caller.offer(), **extra)
        assert answer.response.status_code == 201
        assert answer.response.headers["content-type"].startswith("application/sdp")
        caller.call_id = answer.response.headers["location"].rpartition("/")[2]
        assert caller.call_id.startswith("rtc_")
        await caller.take(answer.text)
        await asyncio.wait_for(caller.opened.wait(), WAIT_S)
        yield caller
    finally:
        await caller.close()
    assert caller.violations == []


async def test_a_call_is_begun_joined_and_ended(served: Served) -> None:
    async with AsyncOpenAI(base_url=served.url, api_key="x", max_retries=0) as client:
        async with calling(client, instructions="You are Otto.", model="gpt-realtime") as caller:
            session = (await caller.expect("session.created"))["session"]
            assert session["instructions"] == "You are Otto."

            # Another connection gives the caller's session a tool, and its result.
            async with client.realtime.connect(call_id=caller.call_id) as api:
                side = Talk(api)
                caller.shares_session_with(side)
                created = (await side.expect("session.created")).session
                assert created.instructions == "You are Otto."
                await side.update(tools=[WEATHER])
                assert (await caller.expect("session.updated"))["session"]["tools"][0]["name"] == "get_weather"
                await side.say("What is the weather in Paris?")
                asked = await side.respond()
                assert json.loads(asked.calls[0].arguments) == {"city": "Paris"}
                result = {"type": "function_call_output", "call_id": asked.calls[0].call_id, "output": "cloudy"}
                await side.create(result)
                told = await side.respond()
                assert "cloudy" in told.text.lower()
                # The voice goes to the caller alone.
                assert told.audio == b""
                await caller.expect("output_audio_buffer.started")
                await caller.expect("output_audio_buffer.stopped")
                assert caller.loudest() > 1_000

                await client.realtime.calls.hangup(caller.call_id)
                closed = await side.over()
                assert closed.rcvd is not None
                assert closed.rcvd.code == 1000
                await asyncio.wait_for(caller.closed.wait(), WAIT_S)
        with pytest.raises(NotFoundError) as gone:
            await client.realtime.calls.hangup(caller.call_id)
        assert gone.value.code == "call_id_not_found"
        with pytest.raises(InvalidStatus) as refused:
            await client.realtime.connect(call_id=caller.call_id).enter()
        assert refused.value.response.status_code == 404
        # The operator is not told of it as if it were a fault.
        assert not any("handshake" in line for line in served.lines)


async def test_a_call_is_joined_before_the_caller_has_the_answer(served: Served) -> None:
    async with AsyncOpenAI(base_url=served.url, api_key="x", max_retries=0) as client:
        caller = Caller()
        try:
            answer = await client.realtime.calls.create(sdp=await caller.offer(), session={"type": "realtime"})
            call_id = answer.response.headers["location"].rpartition("/")[2]
            async with client.realtime.connect(call_id=call_id) as api:
                side = Talk(api)
                await side.expect("session.created")
                await side.update(instructions="You are Otto.")
                await caller.take(answer.text)
                await asyncio.wait_for(caller.opened.wait(), WAIT_S)
                assert (await caller.expect("session.created"))["session"]["instructions"] == "You are Otto."
                await side.end()
        finally:
            await caller.close()
        assert caller.violations == []


async def test_a_call_is_ended_before_the_caller_comes(served: Served) -> None:
    async with AsyncOpenAI(base_url=served.url, api_key="x", max_retries=0) as client:
        caller = Caller()
        try:
            answer = await client.realtime.calls.create(sdp=await caller.offer())
            call_id = answer.response.headers["location"].rpartition("/")[2]
            async with client.realtime.connect(call_id=call_id) as api:
                side = Talk(api)
                await side.expect("session.created")
                await client.realtime.calls.hangup(call_id)
                closed = await side.over()
                assert closed.rcvd is not None
                assert closed.rcvd.code == 1000
        finally:
            await caller.close()


async def test_an_offer_without_a_session(served: Served) -> None:
    async with AsyncOpenAI(base_url=served.url, api_key="x", max_retries=0) as client, calling(client) as caller:
        assert (await caller.expect("session.created"))["session"]["type"] == "realtime"
        caller.tell("response.create", response={"instructions": "Greet the caller."})
        assert (await caller.expect("response.done"))["response"]["status"] == "completed"
        assert await caller.until_sound(within=WAIT_S) is not None


async def test_calls_that_cannot_be(served: Served) -> None:
    async with AsyncOpenAI(base_url=served.url, api_key="x", max_retries=0) as client:
        with pytest.raises(BadRequestError) as bad:
            await client.realtime.calls.create(sdp="v=0")
        assert bad.value.code == "invalid_offer"
        caller = Caller()
        session: Any = {"type": "realtime", "output_modalities": ["smell"]}
        try:
            with pytest.raises(BadRequestError) as bad:
                await client.realtime.calls.create(sdp=await caller.offer(), session=session)
        finally:
            await caller.close()
        assert bad.value.param == "session.output_modalities[0]"
        with pytest.raises(BadRequestError):
            await client.realtime.calls.accept("rtc_nowhere", type="realtime")
