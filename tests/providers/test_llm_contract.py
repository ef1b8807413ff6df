"""Every language model is held to `llm_contract`, and those of vendors also to what vendors do on bad days."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from importlib.util import find_spec
from unittest import mock

import pytest

pytest.importorskip("pydantic_ai")

from tests.providers.llm_contract import CANCEL_S, HELLO, LAWS, VENDORS, Subject, says_no_more_when_it_is_closed
from tests.providers.models.chat import Chat, Mistral, Responses, SloppyChat
from tests.providers.models.gemini import Gemini
from tests.providers.models.messages import Messages
from tests.providers.models.script import KEY, TEXTS

from vivavoce.app.agent.simulate import Script, call
from vivavoce.core.commands import Message
from vivavoce.providers.base import Ask, ProviderError, TextDelta
from vivavoce.providers.llm import PydanticLlm
from vivavoce.providers.scripted import ScriptedLlm


def at_address(fake, options):
    return PydanticLlm(f"{fake.url}/v1#fake", api_key=KEY, **options)


def by_variables(name, **variables):
    """Named as users name it, with the vendor's own variables for the key and, as behind a proxy, the address."""

    def make(fake, options):
        with mock.patch.dict(os.environ, {k: v.format(url=fake.url) for k, v in variables.items()}):
            return PydanticLlm(name, **options)

    return make


def mistral(fake, options):
    """Its SDK takes its address from no variable."""
    llm = by_variables("mistral:mistral-small-latest", MISTRAL_API_KEY=KEY)(fake, options)
    llm._model.client.sdk_configuration.server_url = fake.url
    return llm


OPENAI = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "{url}/v1"}
ANTHROPIC = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "{url}"}
GOOGLE = {"GOOGLE_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": "{url}"}
HOSTED = [
    Subject("compatible", at_address, Chat, ("none",)),
    Subject("sloppy", at_address, SloppyChat, ("none",)),
    Subject("openai-chat", by_variables("openai-chat:gpt-5-mini", **OPENAI), Chat),
    Subject("openai", by_variables("openai:gpt-5-mini", **OPENAI), Responses),
]
if find_spec("anthropic"):
    HOSTED.append(Subject("anthropic", by_variables("anthropic:claude-haiku-4-5", **ANTHROPIC), Messages, ("inline",)))
if find_spec("google") and find_spec("google.genai"):
    HOSTED.append(Subject("google", by_variables("google:gemini-3-flash-preview", **GOOGLE), Gemini, ("inline",)))
if find_spec("mistralai"):
    HOSTED.append(Subject("mistral", mistral, Mistral, ("none", "one", "filter", "reuse")))
OWN = [Subject("script", lambda *_: ScriptedLlm())]


def named(subjects):
    return pytest.mark.parametrize("subject", subjects, ids=lambda subject: subject.name)


@named(HOSTED + OWN)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
async def test_law(law, subject):
    if law is says_no_more_when_it_is_closed and subject in OWN:
        pytest.skip("it has nothing to close")
    await law(subject.open)


@named(HOSTED)
@pytest.mark.parametrize("law", VENDORS, ids=lambda law: law.__name__)
async def test_law_of_vendors(law, subject):
    await law(subject.open)


async def test_the_script_of_a_simulation_says_and_calls_what_it_is_told():
    llm = Script(["One ", "moment.", call("get_weather", city="Rome")], "Sunny.")
    said = [output async for output in llm.stream(HELLO)]
    assert said[:2] == [TextDelta("One "), TextDelta("moment.")]
    assert (said[2].name, json.loads(said[2].arguments)) == ("get_weather", {"city": "Rome"})
    more = Ask("", (*HELLO.items, Message("2", "agent", "One moment.")))
    assert [output async for output in llm.stream(more)] == [TextDelta("Sunny.")]
    await llm.close()


def clean(error, *logs):
    """Nothing that people see of an error holds the key."""
    return KEY not in "".join([f"{error!r} {error.__cause__!r} {error.__context__!r}", *logs])


@named(HOSTED)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "refused"),
        (401, "refused"),
        (402, "refused"),
        (403, "refused"),
        (404, "not_found"),
        (408, "timeout"),
        (422, "refused"),
        (429, "rate_limited"),
        (500, "died"),
        (503, "died"),
        (504, "timeout"),
        (529, "died"),
    ],
)
async def test_a_refusal_has_a_stable_code_and_no_key(subject, status, code, caplog):
    caplog.set_level(logging.INFO)
    async with subject.open(status=status) as stage:
        said = await stage.ask()
        assert said.error.code == code
        assert said.outputs == []
        assert stage.llm.model in said.error.detail
        assert clean(said.error, caplog.text)
        assert len(stage.fake.requests) == 1, "the engine itself decides about a second try"


@named(HOSTED)
@pytest.mark.parametrize("at", [0, 2])
@pytest.mark.parametrize("fault", ["cut_at", "garbage_at", "fails_at"])
async def test_an_answer_that_breaks_is_died(subject, fault, at):
    async with subject.open(**{fault: at}) as stage:
        said = await stage.ask()
        assert said.error.code == "died"
        assert clean(said.error)
        assert "".join(said.deltas) == "".join(TEXTS[:at])
        stage.fake.script = type(stage.fake.script)()
        assert (await stage.ask()).error is None


@named(HOSTED)
@pytest.mark.parametrize("fault", [{"silent": True}, {"stall_at": 0}, {"stall_at": 2}])
async def test_a_stall_is_a_timeout_that_hangs_up(subject, fault):
    async with subject.open({"first_s": 0.1, "stall_s": 0.1}, **fault) as stage:
        said = await stage.ask()
        assert said.error.code == "timeout"
        await asyncio.wait_for(stage.fake.hung_up.wait(), CANCEL_S)


@named(HOSTED)
async def test_an_address_where_nobody_is_is_died(subject):
    llm = subject.make(type("Nowhere", (), {"url": "http://127.0.0.1:9"}), {})
    with pytest.raises(ProviderError) as caught:
        await anext(llm.stream(HELLO))
    assert caught.value.code == "died"
    await llm.close()


@named(HOSTED)
async def test_the_key_is_in_a_header_only(subject):
    async with subject.open() as stage:
        await stage.ask()
        request = stage.fake.requests[0]
        assert [name for name, value in request.headers.items() if KEY in value]
        assert KEY not in f"{request.path} {request.body}"


async def test_anthropic_is_told_to_keep_what_every_turn_repeats():
    pytest.importorskip("anthropic")
    async with next(s for s in HOSTED if s.name == "anthropic").open() as stage:
        await stage.ask()
        assert stage.fake.requests[0].body["cache_control"] == {"type": "ephemeral", "ttl": "5m"}


@named(HOSTED)
async def test_what_a_delta_costs_does_not_grow(subject):
    async with subject.open(texts=("word ",) * 300) as stage:
        await stage.ask()
        each = []
        for _ in range(3):
            clock = time.thread_time()
            said = await stage.ask()
            each.append((time.thread_time() - clock) / 300)
            assert len(said.deltas) == 300
        # Some tenths of a millisecond, the fake and its socket included; far more if each looked at all before it.
        assert min(each) < 0.005


@named(HOSTED)
async def test_a_request_is_on_the_wire_at_once_on_a_warm_connection(subject):
    async with subject.open() as stage:
        await stage.ask()
        took = []
        for _ in range(5):
            began = asyncio.get_running_loop().time()
            await stage.ask()
            took.append(stage.fake.requests[-1].at - began)
        assert min(took) < 0.02
