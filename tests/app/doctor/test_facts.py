"""What the doctor says is here, and what the rest needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from vivavoce.app.agent.names import EngineNames
from vivavoce.app.config.load import Config, Found
from vivavoce.app.doctor import facts
from vivavoce.app.doctor.measure import WORDS
from vivavoce.core.commands import Role
from vivavoce.core.errors import BadInput
from vivavoce.providers.catalogue import ROWS, choose
from vivavoce.providers.llm.local import LocalServer

pytestmark = pytest.mark.offline


def test_every_row_of_the_catalogue_is_told_of_and_the_embedded_ones_are_chosen() -> None:
    found = facts.engines(EngineNames(), {})
    assert {(e.role, choose(e.role, e.name).row.home) for e in found} == {(row.role, row.home) for row in ROWS}
    assert [e.name for e in found if e.chosen] == ["offline:pocketsphinx", "offline:espeak"]
    assert [e.name for e in found if e.chosen and e.needs] == []


def test_models_that_are_pulled_are_told_of_one_by_one(tmp_path: Path) -> None:
    found = {e.name: e.needs for e in facts.engines(EngineNames(), {"VIVAVOCE_MODELS": str(tmp_path)})}
    for row in ROWS:
        if row.pulled:
            assert all(found[f"{row.vendor}:{model}"] for model in row.models)


def test_what_a_chosen_engine_needs() -> None:
    names = EngineNames.of(stt="deepgram:nova-2,nobody", tts="offline")
    chosen = [e for e in facts.engines(names, {}) if e.chosen]
    assert [e.name for e in chosen] == ["deepgram:nova-2", "nobody", "offline:espeak"]
    assert "DEEPGRAM_API_KEY" in chosen[0].needs
    assert "names no engine for stt" in chosen[1].needs
    usable = facts.engines(names, {"DEEPGRAM_API_KEY": "k"})
    assert usable[0].needs == ""
    assert len([e for e in usable if e.name == "offline:espeak"]) == 1


def test_a_turn_model_is_chosen_only_where_one_is_wanted(tmp_path: Path) -> None:
    for wanted in ("", "none"):
        assert not [e for e in facts.engines(EngineNames.of(turn=wanted), {}) if e.role is Role.TURN and e.chosen]
    env = {"VIVAVOCE_MODELS": str(tmp_path)}

    def told() -> facts.Engine:
        (found,) = (e for e in facts.engines(EngineNames.of(turn="smart-turn"), env) if e.role is Role.TURN)
        return found

    assert told().chosen
    assert told().needs.endswith("is not here yet: vivavoce pull smart-turn:v3.2")
    (tmp_path / "smart-turn" / "v3.2").mkdir(parents=True)
    assert told().needs == ""


def test_language_models(monkeypatch: pytest.MonkeyPatch) -> None:
    async def found() -> LocalServer:
        return LocalServer("Ollama", "http://127.0.0.1:11434/v1", "llama3.2")

    monkeypatch.setattr(facts, "find_local_server", found)
    told = {e.name: e for e in facts.models({"OPENAI_API_KEY": "k"})}
    assert told["http://127.0.0.1:11434/v1#llama3.2"].note == "found on Ollama"
    assert told["openai"].needs == ""
    assert "ANTHROPIC_API_KEY" in told["anthropic"].needs or "pip install" in told["anthropic"].needs
    assert told["offline:script"].role is Role.LLM


def test_extras_that_do_not_exist_are_not_advised() -> None:
    pyproject = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    assert [v.extra for v in facts.VENDORS if f"\n{v.extra} = [" not in pyproject] == []


def test_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {part.name: part for part in facts.parts(Config())}
    assert told["voice detector"].required
    assert told["voice detector"].detail == "Silero"
    assert told["server"].needs == ""

    def missing() -> None:
        raise BadInput("no detector; fix: another one")

    monkeypatch.setattr(facts.embedded, "detectors", missing)
    (vad,) = (part for part in facts.parts(Config()) if part.required)
    assert "fix: another one" in vad.needs


def test_parts_are_those_that_are_configured(tmp_path: Path) -> None:
    found = {"server.webrtc": Found("off"), "server.tls_cert": Found(tmp_path / "none.pem")}
    told = {part.name: part for part in facts.parts(Config(found))}
    assert told["WebRTC"].detail == "off, as configured"
    assert "go together" in told["TLS"].needs


def test_versions() -> None:
    told = facts.versions()
    assert {"python", "system", "vivavoce", "numpy"} <= set(told)
    assert all(told.values())


def test_the_recording_is_there() -> None:
    assert facts.recording().is_file()
    assert "leader" in WORDS
