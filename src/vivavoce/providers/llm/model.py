"""A language model as the engine sees it: `PydanticLlm` streams words and complete tool calls, then what it used."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, cast

from ...core.commands import Role, Usage
from ..base import Ask, CutShort, LlmOutput, ProviderError, TextDelta, ToolCall
from .build import Built, Close, build_model, public_name, require, responses
from .failures import failure, stalled
from .messages import to_messages, to_parameters, to_settings
from .thoughts import Thoughts

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponseStreamEvent, ToolCallPart
    from pydantic_ai.models import Model, StreamedResponse
    from pydantic_ai.settings import ModelSettings

_SHORT = {"length": "length", "content_filter": "filter"}
FIRST_S = 20.0
STALL_S = 10.0


class PydanticLlm:
    """`Llm` over any model of pydantic-ai.

    `model` is a name as in `build_model`, or a model object, which then stays the caller's to close. `settings` are
    pydantic-ai's model settings. The first output must come within `first_s` seconds (a local server may have to load
    the model), each further one within `stall_s`; otherwise `ProviderError("timeout")`.

    Building it imports pydantic-ai and the SDK, which takes a second or two: do it before a call begins.
    """

    def __init__(
        self,
        model: str | Model,
        *,
        api_key: str | None = None,
        settings: Mapping[str, object] | None = None,
        first_s: float = FIRST_S,
        stall_s: float = STALL_S,
    ) -> None:
        require()
        import pydantic_ai.direct  # noqa: F401

        self._owned = isinstance(model, str)
        self._built = build_model(model, api_key) if isinstance(model, str) else Built(model)
        self._model = self._built.model
        self.model = public_name(model) if isinstance(model, str) else model.model_name
        # The engine itself decides about a second try, while the caller waits; and every turn repeats those before.
        self._settings = cast("ModelSettings", {"max_retries": 0, "cache": True, **(settings or {})})
        self._first_s = first_s
        self._stall_s = stall_s
        self._closed = False

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        """The answer as it comes. Closing the iterator, or cancelling the task that reads it, closes the connection."""
        limit = self._first_s
        thoughts = Thoughts()
        begun: list[Close] = []
        if self._closed:
            raise self._was_closed()
        try:
            async with AsyncExitStack() as stack:
                stack.push_async_callback(_close_all, begun)
                async with asyncio.timeout(limit):
                    responses.set(begun)
                    response = await stack.enter_async_context(self._request(ask))
                events = aiter(response)
                while True:
                    async with asyncio.timeout(limit):
                        event = await anext(events, None)
                    if event is None:
                        break
                    limit = self._stall_s
                    output = self._output(event)
                    if isinstance(output, TextDelta):
                        output = TextDelta(spoken) if (spoken := thoughts.feed(output.text)) else None
                    if output is not None:
                        yield output
                if rest := thoughts.finish():
                    yield TextDelta(rest)
                if reason := _SHORT.get(response.finish_reason or ""):
                    yield CutShort(reason)
                if usage := self._usage(response):
                    yield usage
                return
        except TimeoutError:
            found = stalled(self.model, limit)
        except Exception as error:
            found = self._was_closed() if self._closed else failure(error, self.model)
        # Raised here, and not where it was caught, so that it carries nothing a service said: that may quote the key.
        raise found

    def _was_closed(self) -> ProviderError:
        return ProviderError("closed", f"{self.model} was closed.")

    def _request(self, ask: Ask) -> AbstractAsyncContextManager[StreamedResponse]:
        from pydantic_ai.direct import model_request_stream

        # Who keeps no rule about tools is not shown them; vendors keep it, and what they have cached.
        tools = () if ask.tool_choice == "none" and self._built.compatible else ask.tools
        return model_request_stream(
            self._model,
            to_messages(ask),
            model_settings=to_settings(ask, self._settings),
            model_request_parameters=to_parameters(tools),
        )

    def _output(self, event: ModelResponseStreamEvent) -> LlmOutput | None:
        """What an event adds to the answer: words, or a call that is complete. Reasoning adds nothing."""
        from pydantic_ai.messages import (
            PartDeltaEvent,
            PartEndEvent,
            PartStartEvent,
            TextPart,
            TextPartDelta,
            ToolCallPart,
        )

        match event:
            case PartStartEvent(part=TextPart(content=text)) if text:
                return TextDelta(text)
            case PartDeltaEvent(delta=TextPartDelta(content_delta=text)) if text:
                return TextDelta(text)
            case PartEndEvent(part=ToolCallPart() as part):
                return ToolCall(part.tool_call_id, part.tool_name, self._arguments(part))
        return None

    def _arguments(self, part: ToolCallPart) -> str:
        arguments = part.args if isinstance(part.args, str) else part.args_as_json_str()
        if not arguments.strip():
            return "{}"
        try:
            whole = isinstance(json.loads(arguments), dict)
        except ValueError:
            whole = False
        if not whole:
            detail = f"{self.model} called {part.tool_name} with broken arguments; use a model that is good at tools."
            raise ProviderError("died", detail)
        return arguments

    def _usage(self, response: StreamedResponse) -> Usage | None:
        """None when the service did not say."""
        used = response.usage
        amounts = {
            "input_tokens": used.input_tokens,
            "cached_input_tokens": used.cache_read_tokens,
            "cache_write_tokens": used.cache_write_tokens,
            "output_tokens": used.output_tokens,
        }
        told = tuple((unit, float(amount)) for unit, amount in amounts.items() if amount)
        return Usage(Role.LLM, self.model, told) if told else None

    async def close(self) -> None:
        """Closes the connections, for good; a model object that was passed in stays open, and in use."""
        if self._closed or not self._owned:
            return
        self._closed = True
        # Leaving a model closes its client.
        async with self._model:
            pass
        if self._built.close is not None:
            await self._built.close()


async def _close_all(begun: list[Close]) -> None:
    for close in begun:
        await close()
