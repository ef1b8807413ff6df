"""What runs on this machine is free; what only looks so is not."""

from __future__ import annotations

import pytest

from vivavoce.app.prices.free import is_free

CLOUD = {"OLLAMA_BASE_URL": "https://ollama.com/v1"}


@pytest.mark.parametrize(
    ("model", "env", "free"),
    [
        ("offline:espeak", {}, True),
        ("sherpa:kokoro", {}, True),
        ("whisper:base.en", {}, True),
        ("ollama:llama3.2", {}, True),
        ("ollama:llama3.2", {"OLLAMA_BASE_URL": "http://localhost:11434/v1"}, True),
        ("ollama:llama3.2", CLOUD, False),
        ("ollama:gpt-oss:120b-cloud", {}, False),
        ("http://127.0.0.1:8080/v1#any", {}, True),
        ("http://[::1]:8080/v1#any", {}, True),
        ("http://localhost:1234/v1#any", {}, True),
        ("http://192.168.1.4:8000/v1#any", {}, False),
        ("https://api.example.com/v1#any", {}, False),
        ("openai:gpt-5-mini", {}, False),
        ("whisper-like", {}, False),
    ],
)
def test_by_name(model: str, env: dict[str, str], free: bool) -> None:
    assert is_free(model, env) is free
