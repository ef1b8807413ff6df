import asyncio
import gc

import pytest
from fake_server import DONE, DROP, STALL, FakeServer, Reply, chunk, error, words

from vivavoce.core.commands import Call, Message, Result, Role, Usage
from vivavoce.providers.base import Ask, ProviderError, TextDelta, Tool, ToolCall
from vivavoce.providers.llm import PydanticLlm

HELLO = Ask("Be brief.", (Message("1", "user", "Hello"),))
WEATHER = Tool(
    "get_weather",
    "Weather of a city",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def text_of(outputs):
    return "".join(o.text for o in outputs if isinstance(o, TextDelta))


def served(*replies, ask=HELLO, **options):
    """All outputs of one request per reply, and the server."""

    async def run():
        async with FakeServer(*replies) as server:
            llm = PydanticLlm(f"{server.url}#fake", **options)
            outputs = []
            try:
                for _ in replies:
                    outputs.append([o async for o in llm.stream(ask)])
            finally:
                await llm.close()
            return outputs, server

    return asyncio.run(run())


def failing(*replies, **options):
    with pytest.raises(ProviderError) as caught:
        served(*replies, **options)
    assert "\n" not in caught.value.detail
    return caught.value


def test_words_stream_and_usage_comes_last():
    (outputs,), server = served(Reply(words("Hi", " there", ".")))
    assert outputs[:-1] == [TextDelta("Hi"), TextDelta(" there"), TextDelta(".")]
    model = f"{server.url}#fake"
    assert outputs[-1] == Usage(Role.LLM, model, (("input_tokens", 12.0), ("output_tokens", 3.0)))


def test_the_request_is_what_the_server_expects():
    (_,), server = served(Reply(words("ok")), ask=Ask("Be brief.", HELLO.items, (WEATHER,)), api_key="k1")
    line, headers, body = server.requests[0]
    assert line.startswith("POST /v1/chat/completions")
    assert headers["authorization"] == "Bearer k1"
    assert body["model"] == "fake"
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert body["tools"][0]["function"]["name"] == "get_weather"
    assert body["tools"][0]["function"]["parameters"]["properties"] == {"city": {"type": "string"}}


def test_our_own_key_never_goes_to_a_server_of_somebody_else(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    (_,), server = served(Reply(words("ok")))
    assert "sk-secret" not in str(server.requests)


def test_a_server_on_this_machine_is_not_asked_through_a_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    (outputs,), _ = served(Reply(words("ok")))
    assert text_of(outputs) == "ok"


def test_connections_are_reused():
    outputs, server = served(Reply(words("one")), Reply(words("two")))
    assert [text_of(o) for o in outputs] == ["one", "two"]
    assert len(server.requests) == 2


def test_a_tool_call_comes_whole():
    calls = [
        chunk({"role": "assistant", "content": None}),
        chunk({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                               "function": {"name": "get_weather", "arguments": ""}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"ci'}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": 'ty": "Paris"}'}}]}),
        chunk({"tool_calls": [{"index": 1, "id": "call_2", "type": "function",
                               "function": {"name": "get_weather", "arguments": '{"city": "Rome"}'}}]}),
        chunk({}, "tool_calls"),
        DONE,
    ]  # fmt: skip
    (outputs,), _ = served(Reply(calls), ask=Ask("", HELLO.items, (WEATHER,)))
    assert outputs == [
        ToolCall("call_1", "get_weather", '{"city": "Paris"}'),
        ToolCall("call_2", "get_weather", '{"city": "Rome"}'),
    ]


def test_a_tool_call_that_was_cut_off_is_no_call():
    steps = [
        chunk({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                               "function": {"name": "get_weather", "arguments": '{"city": "Par'}}]}),
        chunk({}, "length"),
        DONE,
    ]  # fmt: skip
    found = failing(Reply(steps))
    assert found.code == "died"
    assert "broken arguments" in found.detail


@pytest.mark.parametrize(
    "deltas",
    [
        [{"reasoning_content": "Let me think."}, {"content": "Hi."}],
        [{"reasoning": "Let me think."}, {"content": "Hi."}],
        [{"content": "<think>"}, {"content": "Let me think."}, {"content": "</think>"}, {"content": "Hi."}],
    ],
)
def test_reasoning_is_not_spoken(deltas):
    (outputs,), _ = served(Reply([*(chunk(d) for d in deltas), chunk({}, "stop"), DONE]))
    assert text_of(outputs).strip() == "Hi."


def test_a_server_that_reports_no_usage_gives_none():
    (outputs,), _ = served(Reply([chunk({"content": "Hi."}), chunk({}, "stop"), DONE]))
    assert outputs == [TextDelta("Hi.")]


@pytest.mark.parametrize(
    ("reply", "code", "says"),
    [
        (error(401, "Incorrect API key provided: k1-secret"), "refused", "key"),
        (error(403, "no"), "refused", "key"),
        (error(404, "model 'fake' not found", "model_not_found"), "not_found", "name"),
        (error(429, "slow down", "rate_limit_exceeded"), "rate_limited", "too many requests"),
        (error(429, "no credit", "insufficient_quota"), "refused", "billing"),
        (error(400, "context too long"), "refused", "did not accept"),
        (error(408, "timeout"), "timeout", "sent nothing"),
        (error(500, "oops"), "died", "500"),
        (error(503, "overloaded"), "died", "503"),
    ],
)
def test_errors_have_stable_codes_and_name_the_fix(reply, code, says):
    found = failing(reply, api_key="k1-secret")
    assert found.code == code
    assert says in found.detail
    assert "k1-secret" not in found.detail
    assert "k1-secret" not in str(found.__cause__)


def test_nothing_is_asked_twice():
    async def run():
        async with FakeServer(error(500, "oops"), Reply(words("late"))) as server:
            llm = PydanticLlm(f"{server.url}#fake")
            with pytest.raises(ProviderError):
                await anext(llm.stream(HELLO))
            await llm.close()
            return len(server.requests)

    assert asyncio.run(run()) == 1


def test_a_refused_connection():
    async def run():
        async with FakeServer() as server:
            pass
        llm = PydanticLlm(f"{server.url}#fake")
        with pytest.raises(ProviderError) as caught:
            await anext(llm.stream(HELLO))
        await llm.close()
        return caught.value

    assert asyncio.run(run()).code == "died"


@pytest.mark.parametrize(
    "steps",
    [
        [chunk({"content": "Hi"}), DROP],
        [DROP],
        [b"data: {not json\n\n", DONE],
        [chunk({"content": "Hi"}), b"data: {not json\n\n", DONE],
        [b"\xff\xfe\x00garbage\n\n"],
        [],
    ],
)
def test_a_broken_answer(steps):
    assert failing(Reply(steps)).code == "died"


def test_a_page_that_is_no_api():
    assert failing(Reply(body=b"<html>hello</html>")).code == "died"


def test_a_server_that_never_begins_times_out():
    found = failing(Reply([STALL]), first_s=0.05)
    assert found.code == "timeout"
    assert "0.05 s" in found.detail


def test_a_server_that_stalls_times_out_after_its_first_words():
    async def run():
        async with FakeServer(Reply([chunk({"content": "Hi"}), STALL])) as server:
            llm = PydanticLlm(f"{server.url}#fake", stall_s=0.05)
            stream = llm.stream(HELLO)
            assert await anext(stream) == TextDelta("Hi")
            with pytest.raises(ProviderError) as caught:
                await anext(stream)
            await asyncio.wait_for(server.hung_up.wait(), 1)
            await llm.close()
            return caught.value.code

    assert asyncio.run(run()) == "timeout"


async def begun(server, options=None):
    llm = PydanticLlm(f"{server.url}#fake", **(options or {}))
    stream = llm.stream(HELLO)
    assert await anext(stream) == TextDelta("Hi")
    return llm, stream


def test_closing_the_iterator_closes_the_connection_at_once():
    async def run():
        async with FakeServer(Reply([chunk({"content": "Hi"}), STALL])) as server:
            llm, stream = await begun(server)
            assert len(server.connections) == 1
            began = asyncio.get_running_loop().time()
            await stream.aclose()
            await asyncio.wait_for(server.hung_up.wait(), 1)
            took = asyncio.get_running_loop().time() - began
            await llm.close()
            return took

    assert asyncio.run(run()) < 0.05


def test_cancelling_the_reader_closes_the_connection_at_once():
    async def run():
        async with FakeServer(Reply([chunk({"content": "Hi"}), STALL])) as server:
            llm, stream = await begun(server)
            reading = asyncio.create_task(anext(stream))
            await asyncio.sleep(0)
            began = asyncio.get_running_loop().time()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await asyncio.wait_for(server.hung_up.wait(), 1)
            took = asyncio.get_running_loop().time() - began
            await llm.close()
            return took

    assert asyncio.run(run()) < 0.05


def test_cancelling_before_the_first_word_closes_the_connection_at_once():
    async def run():
        async with FakeServer(Reply([STALL])) as server:
            llm = PydanticLlm(f"{server.url}#fake")
            reading = asyncio.create_task(anext(llm.stream(HELLO)))
            await server.asked.wait()
            began = asyncio.get_running_loop().time()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await asyncio.wait_for(server.hung_up.wait(), 1)
            took = asyncio.get_running_loop().time() - began
            await llm.close()
            return took

    assert asyncio.run(run()) < 0.05


def test_the_model_can_be_used_again_after_a_cancelled_answer():
    async def run():
        async with FakeServer(Reply([chunk({"content": "Hi"}), STALL]), Reply(words("again"))) as server:
            llm, stream = await begun(server)
            await stream.aclose()
            outputs = [o async for o in llm.stream(HELLO)]
            await llm.close()
            gc.collect()
            return text_of(outputs)

    assert asyncio.run(run()) == "again"


def test_history_with_calls_goes_out_in_the_servers_form():
    items = (
        Message("1", "user", "Weather in Paris?"),
        Call("2", "call_1", "get_weather", '{"city": "Paris"}'),
        Message("3", "user", "Hurry."),
        Result("4", "call_1", "sunny"),
    )
    (_,), server = served(Reply(words("Sunny.")), ask=Ask("", items, (WEATHER,)))
    sent = [(m["role"], m.get("content")) for m in server.requests[0][2]["messages"]]
    assert sent == [("user", "Weather in Paris?"), ("assistant", None), ("tool", "sunny"), ("user", "Hurry.")]


def test_a_vendors_model_is_asked_once_and_its_connections_are_closed(monkeypatch):
    async def run():
        async with FakeServer(Reply(words("Hi.")), error(500, "oops")) as server:
            monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            llm = PydanticLlm("openai-chat:gpt-fake")
            outputs = [o async for o in llm.stream(HELLO)]
            with pytest.raises(ProviderError):
                await anext(llm.stream(HELLO))
            await llm.close()
            return outputs, len(server.requests), llm.model

    outputs, requests, model = asyncio.run(run())
    assert text_of(outputs) == "Hi."
    assert outputs[-1].model == model == "openai-chat:gpt-fake"
    assert requests == 2


def test_a_model_object_is_used_as_it_is():
    from pydantic_ai.models.test import TestModel

    async def run():
        llm = PydanticLlm(TestModel(custom_output_text="Hello there."))
        outputs = [o async for o in llm.stream(HELLO)]
        await llm.close()
        return text_of(outputs)

    assert asyncio.run(run()) == "Hello there."
