"""pydantic-ai's models for servers that are compatible with OpenAI more or less.

Imports pydantic-ai and the SDK, so only `build` imports this, late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from openai.types.chat.chat_completion_chunk import Choice
from pydantic_ai.messages import ModelResponseStreamEvent
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIStreamedResponse

from .calls import Calls


@dataclass
class _Stream(OpenAIStreamedResponse):
    _calls: Calls = field(default_factory=Calls, init=False)

    def _map_tool_call_delta(self, choice: Choice) -> Iterable[ModelResponseStreamEvent]:
        for fragment in choice.delta.tool_calls or []:
            name = fragment.function.name if fragment.function else None
            fragment.index = self._calls.place(fragment.index, fragment.id, name)
        return super()._map_tool_call_delta(choice)


class CompatibleModel(OpenAIChatModel):
    """Any OpenAI-compatible server."""

    @property
    def _streamed_response_cls(self) -> type[OpenAIStreamedResponse]:
        return _Stream


class CompatibleOllama(OllamaModel):
    """Ollama, of which many versions are in use."""

    @property
    def _streamed_response_cls(self) -> type[OpenAIStreamedResponse]:
        return _Stream
