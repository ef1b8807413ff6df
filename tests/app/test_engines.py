"""Engines by their names: which are found, which are refused, and that all of them are closed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from vivavoce.app.agent.names import EngineNames
from vivavoce.app.embedded import script
from vivavoce.app.engines import choose_models, open_engines, works_here
from vivavoce.core.errors import BadInput

pytestmark = pytest.mark.offline


def opened(names: EngineNames, ears: bool = True, env: Mapping[str, str] | None = None) -> Any:
    async def main() -> Any:
        async with open_engines(names, (script(),), ears, env or {}) as engines:
            return engines

    return asyncio.run(main())


def test_the_embedded_ones_by_default() -> None:
    engines = opened(EngineNames())
    assert (engines.stt.model, engines.tts.model) == ("offline:pocketsphinx", "offline:espeak")
    assert opened(EngineNames(), ears=False).stt is None


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (EngineNames(stt=("whisperer:x",)), "'whisperer:x' names no engine for stt; vendors are"),
        (EngineNames(tts=("cartesia:sonic-3",)), "set the environment variable CARTESIA_API_KEY"),
        (EngineNames(turn=("smarter",)), "'smarter' names no engine for turn; vendors are smart-turn"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_opened(names: EngineNames, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        opened(names)


def test_a_turn_model_where_one_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_MODELS", str(tmp_path))
    wanted, env = EngineNames(turn=("smart-turn",)), {"VIVAVOCE_MODELS": str(tmp_path)}
    assert opened(EngineNames()).turn is opened(EngineNames(turn=("none",))).turn is None
    with pytest.raises(BadInput, match=r"^the model of smart-turn:v3\.2 is not here yet: vivavoce pull smart-turn"):
        opened(wanted, env=env)
    pytest.importorskip("onnx")
    from tests.providers.local import tiny

    tiny.smart_turn(tmp_path / "smart-turn" / "v3.2", 0.5, cut=60)
    with pytest.raises(BadInput, match="cannot be loaded; fix: vivavoce pull --remove smart-turn"):
        opened(wanted, env=env)
    tiny.smart_turn(tmp_path / "smart-turn" / "v3.2", 0.5)
    assert opened(wanted, env=env).turn.model == "smart-turn:v3.2"
    assert opened(wanted, ears=False, env=env).turn is None


def test_language_models() -> None:
    llms, about = choose_models(EngineNames(llm=("offline:script",)), {})
    assert ([llm.model for llm in llms], about) == (["offline:script"], "offline:script answers.")
    with pytest.raises(BadInput, match="needs a key; set the environment variable OPENAI_API_KEY"):
        choose_models(EngineNames(llm=("openai:gpt-5-mini",)), {})


def test_where_nothing_is_reached_over_a_network_time_may_be_virtual() -> None:
    assert works_here(EngineNames(stt=("offline:pocketsphinx",)), (script(),))
    assert not works_here(EngineNames(stt=("deepgram:nova-3",)), (script(),))
    assert works_here(EngineNames(turn=("smart-turn",)), (script(),))
    assert works_here(EngineNames(turn=("none",)), (script(),))
    with pytest.raises(BadInput, match="names no engine"):
        works_here(EngineNames(tts=("x:y",)), (script(),))


def test_several_of_a_kind_stand_in_for_each_other() -> None:
    names = EngineNames(stt=("offline", "offline:pocketsphinx"), tts=("offline", "offline:espeak"))
    engines = opened(names)
    assert [len(engines.llms), len(engines.ttss), len(engines.stts)] == [1, 2, 2]
