"""What the engine relies on in every language model, one law to a function; `test_llm_contract` holds all to it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
from tests.providers.models.script import CACHED, INPUT, TEXTS, Called, Dialect, FakeModel, Script

from vivavoce.core.commands import Call, Item, Message, Result, Role, Usage
from vivavoce.providers.base import Ask, CutShort, Llm, LlmOutput, ProviderError, TextDelta, Tool, ToolCall

CANCEL_S = 0.05
"""How soon a vendor hears of a cancellation."""
WEATHER = Tool(
    "get_weather",
    "Weather of a city",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
HANG_UP = Tool("hang_up", "Ends the call", {"type": "object", "properties": {}})
TOOLS = (WEATHER, HANG_UP)
HELLO = Ask("Be brief.", (Message("1", "user", "Tell me a story"),), TOOLS)
ROME = Called("call_1", "get_weather", ('{"ci', 'ty": "Ro', 'me"}'))
OSLO = Called("call_2", "get_weather", ('{"city": ', '"Oslo"}'))
BYE = Called("call_3", "hang_up", ("{}",))


@dataclass(frozen=True)
class Subject:
    """A language model to be held to the laws."""

    name: str
    make: Callable[[FakeModel | None, dict[str, Any]], Llm]
    """From its vendor and the options of the adapter."""
    dialect: type[Dialect] | None = None
    """How its vendor speaks; None when it answers by itself."""
    lacks: tuple[str, ...] = ()
    """What its vendor or the SDK does not have: `none` or `one`, choices of tools that leave the tools as they are;
    `filter`, a reason to end; `inline`, messages of the system in the middle; `reuse` of connections."""

    @asynccontextmanager
    async def open(self, options: dict[str, Any] | None = None, **script: Any) -> AsyncIterator[Stage]:
        """The model, and its vendor behaving as `script` says. Fails if it leaves anything behind."""
        async with self._vendor() as fake:
            if fake is not None:
                fake.script = Script(**script)
            threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
            llm = self.make(fake, options or {})
            try:
                yield Stage(self, llm, fake)
            finally:
                await llm.close()
            if fake is not None:
                await fake.deserted()
            await _ended(tasks)
            for thread in set(threading.enumerate()) - threads:
                # OpenAI's SDK asks for the platform in a thread of the loop's own pool, which ends with the loop.
                if not thread.name.startswith("asyncio_"):
                    thread.join(1)
                    assert not thread.is_alive()

    @asynccontextmanager
    async def _vendor(self) -> AsyncIterator[FakeModel | None]:
        if self.dialect is None:
            yield None
        else:
            async with FakeModel(self.dialect()) as fake:
                yield fake


async def _ended(before: set[asyncio.Task]) -> None:
    """No task but those from before is left. Generators that an SDK dropped get a few turns of the loop to end in."""
    for _ in range(5):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before
    assert not {task for task in left if not getattr(task.get_coro(), "__qualname__", "").startswith("Fake")}


@dataclass
class Said:
    """All that came of one request."""

    outputs: list[LlmOutput] = field(default_factory=list)
    error: ProviderError | None = None

    @property
    def deltas(self) -> list[str]:
        return [o.text for o in self.outputs if isinstance(o, TextDelta)]

    @property
    def calls(self) -> list[ToolCall]:
        return [o for o in self.outputs if isinstance(o, ToolCall)]

    @property
    def order(self) -> list[type]:
        """The kinds of what came, without repetition."""
        kinds = [type(o) for o in self.outputs]
        return [kind for n, kind in enumerate(kinds) if n == 0 or kinds[n - 1] is not kind]


@dataclass
class Stage:
    """A language model on stage, with its vendor."""

    subject: Subject
    llm: Any
    fake: FakeModel | None

    async def ask(self, ask: Ask = HELLO) -> Said:
        said = Said()
        try:
            async for output in self.llm.stream(ask):
                said.outputs.append(output)
        except ProviderError as error:
            said.error = error
        return said


Stages = Callable[..., AbstractAsyncContextManager[Stage]]


async def gives_all_its_text_in_order(open_: Stages) -> None:
    async with open_() as stage:
        said = await stage.ask()
        assert said.error is None
        assert len(said.deltas) > 1
        assert all(said.deltas)
        if stage.fake is not None:
            assert "".join(said.deltas) == "".join(TEXTS)


async def gives_text_as_it_comes(open_: Stages) -> None:
    for count in (1, 2, 3):
        async with open_(stall_at=count) as stage, aclosing(stage.llm.stream(HELLO)) as stream:
            first = [await asyncio.wait_for(anext(stream), 2) for _ in range(count)]
            assert all(isinstance(output, TextDelta) for output in first)
            if stage.fake is not None:
                assert [o.text for o in first] == list(TEXTS[:count])
                assert stage.fake.sent == count


async def gives_calls_whole(open_: Stages) -> None:
    for whole in (False, True):
        for calls in ((ROME,), (ROME, OSLO, BYE), (BYE,)):
            for texts in ((), ("One moment.",)):
                async with open_(calls=calls, texts=texts, whole_calls=whole) as stage:
                    said = await stage.ask(Ask("", (Message("1", "user", "What is the weather in Rome?"),), TOOLS))
                    assert said.error is None
                    made = [(call.name, json.loads(call.arguments)) for call in said.calls]
                    if stage.fake is None:
                        assert made == [("get_weather", {"city": "Rome"})]
                        continue
                    assert made == [(c.name, json.loads("".join(c.pieces))) for c in calls]
                    assert "".join(said.deltas) == "".join(texts)
                    assert said.order == [*([TextDelta] if texts else []), ToolCall, Usage]
                    ids = [call.call for call in said.calls]
                    assert all(ids)
                    assert len(set(ids)) == len(ids)


async def tells_one_usage_at_the_end(open_: Stages) -> None:
    async with open_() as stage:
        said = await stage.ask()
        usages = [output for output in said.outputs if isinstance(output, Usage)]
        assert usages == said.outputs[-1:]
        assert (usages[0].role, usages[0].model) == (Role.LLM, stage.llm.model)
        told = dict(usages[0].amounts)
        assert told["input_tokens"] > 0
        assert told["output_tokens"] > 0
        if stage.fake is not None:
            assert told == {"input_tokens": INPUT, "cached_input_tokens": CACHED, "output_tokens": len(TEXTS)}


async def says_what_cut_it_short(open_: Stages) -> None:
    async with open_(finish="length") as stage:
        said = await stage.ask(replace(HELLO, max_tokens=4))
        assert CutShort("length") in said.outputs
        assert said.deltas
        assert said.error is None
        if stage.fake is not None and "filter" not in stage.subject.lacks:
            stage.fake.script = Script(finish="filter")
            said = await stage.ask()
            assert "".join(said.deltas) == "".join(TEXTS)
            assert CutShort("filter") in said.outputs


async def calls_nothing_where_it_must_not(open_: Stages) -> None:
    async with open_() as stage:
        ask = Ask("", (Message("1", "user", "What is the weather in Rome?"),), TOOLS, tool_choice="none")
        assert not (await stage.ask(ask)).calls


async def is_cancelled_by_closing_at_any_moment(open_: Stages) -> None:
    async with open_() as stage:
        for parts in (0, 1, 3):
            if stage.fake is not None:
                stage.fake.hung_up.clear()
                stage.fake.script = Script(stall_at=parts)
            async with aclosing(stage.llm.stream(HELLO)) as stream:
                for _ in range(parts):
                    await anext(stream)
            if stage.fake is not None and parts:
                await asyncio.wait_for(stage.fake.hung_up.wait(), CANCEL_S)
        if stage.fake is not None:
            stage.fake.script = Script()
        assert (await stage.ask()).error is None


async def is_cancelled_with_its_task_before_the_first_word(open_: Stages) -> None:
    for fault in ({"silent": True}, {"stall_at": 0}):
        async with open_(**fault) as stage:
            if stage.fake is None:
                return
            task = asyncio.create_task(stage.ask())
            await asyncio.wait_for(stage.fake.asked.wait(), 5)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            assert task.cancelled()
            await asyncio.wait_for(stage.fake.hung_up.wait(), CANCEL_S)


async def is_cancelled_with_its_task_at_any_turn_of_the_loop(open_: Stages) -> None:
    async with open_() as stage:
        for turns in range(0, 60, 4):
            task = asyncio.create_task(stage.ask())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
        said = await stage.ask()
        assert said.error is None
        if stage.fake is not None:
            assert "".join(said.deltas) == "".join(TEXTS)


async def answers_several_at_once(open_: Stages) -> None:
    async with open_() as stage:
        together = await asyncio.gather(*(stage.ask() for _ in range(6)))
        assert all(said.error is None for said in together)
        assert len({"".join(said.deltas) for said in together}) == 1


async def says_no_more_when_it_is_closed(open_: Stages) -> None:
    async with open_(stall_at=2) as stage:
        stream = stage.llm.stream(HELLO)
        await anext(stream)
        await stage.llm.close()
        with pytest.raises(ProviderError) as caught:
            async for _ in stream:
                pass
        assert caught.value.code == "closed"
        assert (await stage.ask()).error.code == "closed"
        await stage.llm.close()


def conversation() -> list[tuple[Item, ...]]:
    """What the model is asked, turn by turn, each time with all before."""
    turns: list[tuple[Item, ...]] = [
        (Message("1", "user", "Hello"),),
        (Message("2", "agent", "Hi, how can I"), Message("3", "user", "The weather in Rome and Oslo, please")),
        (
            Message("4", "agent", "One moment."),
            Call("5", "call_1", "get_weather", '{"city":"Rome"}'),
            Call("6", "call_2", "get_weather", '{"city": "Oslo"}'),
            Result("7", "call_1", "sunny"),
            Result("8", "call_2", "snow"),
        ),
        (Message("9", "agent", "Sunny, and snow."), Message("10", "user", "Grüße – thanks")),
        (Message("s", "system", "The caller has ten minutes left."),),
        (Message("11", "agent", "You are welcome."), Message("12", "user", "Goodbye")),
    ]
    return [tuple(item for turn in turns[:n] for item in turn) for n in range(1, len(turns) + 1)]


async def asks_alike_so_that_caches_hit(open_: Stages) -> None:
    async with open_() as stage:
        for items in conversation():
            if "inline" in stage.subject.lacks:
                items = tuple(item for item in items if not (isinstance(item, Message) and item.role == "system"))
            assert (await stage.ask(Ask("You are Viva.", items, TOOLS))).error is None
        read = [stage.fake.dialect.prefix(request.body) for request in stage.fake.requests]
        for before, after in pairwise(read):
            assert after[: len(before)] == before
            assert len(after) >= len(before)


async def keeps_its_tools_whatever_it_may_call(open_: Stages) -> None:
    async with open_() as stage:
        choices = {"auto": "auto", "required": "required", "none": "none", "one": "get_weather"}
        for choice in (choices[name] for name in choices if name not in stage.subject.lacks):
            assert (await stage.ask(replace(HELLO, tool_choice=choice))).error is None
        assert len({tuple(stage.fake.dialect.prefix(request.body)) for request in stage.fake.requests}) == 1


async def keeps_its_connection_between_turns(open_: Stages) -> None:
    async with open_() as stage:
        for items in conversation():
            assert (await stage.ask(Ask("You are Viva.", items, TOOLS))).error is None
        assert stage.fake.accepted == 1 or "reuse" in stage.subject.lacks


async def ignores_what_it_does_not_know(open_: Stages) -> None:
    async with open_(unknown=True, calls=(ROME,)) as stage:
        said = await stage.ask()
        assert said.error is None
        assert "".join(said.deltas) == "".join(TEXTS)
        assert [call.name for call in said.calls] == ["get_weather"]


LAWS = (
    gives_all_its_text_in_order,
    gives_text_as_it_comes,
    gives_calls_whole,
    tells_one_usage_at_the_end,
    says_what_cut_it_short,
    calls_nothing_where_it_must_not,
    is_cancelled_by_closing_at_any_moment,
    is_cancelled_with_its_task_before_the_first_word,
    is_cancelled_with_its_task_at_any_turn_of_the_loop,
    answers_several_at_once,
    says_no_more_when_it_is_closed,
)
VENDORS = (
    asks_alike_so_that_caches_hit,
    keeps_its_tools_whatever_it_may_call,
    keeps_its_connection_between_turns,
    ignores_what_it_does_not_know,
)
"""Laws for those that ask somebody else."""
