import asyncio
import json
import subprocess
import sys

import pytest
from fake_server import FakeServer, Reply, words

from vivavoce.core.commands import Message
from vivavoce.providers.base import Ask, ProviderError, TextDelta
from vivavoce.providers.llm import PydanticLlm, choose_llm
from vivavoce.providers.scripted import ScriptedLlm

MODELS = Reply(body=json.dumps({"object": "list", "data": [{"id": "llama3"}]}).encode())


def chosen(env, candidates=None):
    async def run():
        llm, why = await choose_llm(env, candidates or {})
        await llm.close()
        return llm, why

    return asyncio.run(run())


def test_the_script_answers_when_there_is_nothing_else():
    llm, why = chosen({})
    assert isinstance(llm, ScriptedLlm)
    assert "not a language model" in why
    assert "VIVAVOCE_LLM=" in why


def test_a_key_that_is_there_is_pointed_to_but_not_used():
    llm, why = chosen({"OPENAI_API_KEY": "sk-secret"})
    assert isinstance(llm, ScriptedLlm)
    assert "VIVAVOCE_LLM=openai:" in why
    assert "sk-secret" not in why


def test_the_script_can_be_asked_for():
    llm, why = chosen({"VIVAVOCE_LLM": "offline:script"})
    assert isinstance(llm, ScriptedLlm)
    assert why.startswith("VIVAVOCE_LLM asks for offline:script")


def test_a_server_on_this_machine_is_used_when_found():
    async def run():
        async with FakeServer(MODELS, Reply(words("Hello."))) as server:
            llm, why = await choose_llm({}, {"Ollama": server.port})
            said = [o async for o in llm.stream(Ask("", (Message("1", "user", "Hi"),)))]
            await llm.close()
            return why, said

    why, said = asyncio.run(run())
    assert why.startswith("llama3 answers, found on Ollama")
    assert said[0] == TextDelta("Hello.")


def test_a_named_model_comes_before_one_that_is_found():
    llm, why = chosen({"VIVAVOCE_LLM": "http://127.0.0.1:9/v1#qwen", "VIVAVOCE_LLM_KEY": "k"})
    assert isinstance(llm, PydanticLlm)
    assert llm.model == "http://127.0.0.1:9/v1#qwen"
    assert why == "http://127.0.0.1:9/v1#qwen answers, as VIVAVOCE_LLM says."


def test_an_ollama_model_needs_no_address():
    llm, _ = chosen({"VIVAVOCE_LLM": "ollama:llama3"})
    assert llm.model == "ollama:llama3"


@pytest.mark.parametrize(
    ("name", "code", "fix"),
    [
        ("http://127.0.0.1:9/v1", "not_found", "#MODEL"),
        ("http://#x", "not_found", "#MODEL"),
        ("ollama:", "not_found", "ollama list"),
        ("nobody:knows", "not_found", "PROVIDER:MODEL"),
        ("nonsense", "not_found", "PROVIDER:MODEL"),
        ("openai:gpt-5-mini", "refused", "OPENAI_API_KEY"),
        ("bedrock:us.amazon.nova-micro-v1:0", "missing", "pip install 'vivavoce[bedrock]'"),
        ("cohere:command-a", "missing", "pip install 'pydantic-ai-slim[cohere]'"),
    ],
)
def test_a_name_that_can_not_be_used_says_what_to_do(name, code, fix, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setitem(sys.modules, "cohere", None)
    with pytest.raises(ProviderError) as caught:
        chosen({"VIVAVOCE_LLM": name})
    assert caught.value.code == code
    assert fix in caught.value.detail
    assert "\n" not in caught.value.detail


def test_secrets_in_an_address_are_not_repeated():
    llm, why = chosen({"VIVAVOCE_LLM": "http://me:hunter2@127.0.0.1:9/v1?key=hunter3#qwen"})
    assert llm.model == "http://127.0.0.1:9/v1#qwen"
    assert "hunter" not in why


def test_without_the_extra_the_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    with pytest.raises(ProviderError) as caught:
        PydanticLlm("openai:gpt-5-mini")
    assert caught.value.code == "missing"
    assert "pip install 'vivavoce[llm]'" in caught.value.detail

    async def run():
        async with FakeServer(MODELS) as server:
            return await choose_llm({}, {"Ollama": server.port})

    llm, why = asyncio.run(run())
    assert isinstance(llm, ScriptedLlm)
    assert "pip install 'vivavoce[llm]'" in why


def test_a_pydantic_ai_that_is_too_old_is_said_to_be(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic_ai.providers.openai_compatible", None)
    with pytest.raises(ProviderError) as caught:
        PydanticLlm("http://127.0.0.1:9/v1#qwen")
    assert "--upgrade" in caught.value.detail


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, vivavoce.providers.llm as _;"
        "print([m for m in ('pydantic_ai', 'pydantic', 'openai', 'httpx', 'httpx2') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
