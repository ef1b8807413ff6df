"""Where settings come from, which of them wins, and what a user is told of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from vivavoce.app.cli import main, parser
from vivavoce.app.config.load import load, named_file
from vivavoce.app.settings import complete, engines_of, policy_of
from vivavoce.core.errors import BadInput
from vivavoce.core.policy import PRESETS


def write(folder: Path, text: str, name: str = "vivavoce.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


# which wins


def test_command_line_then_environment_then_file_then_default(tmp_path: Path) -> None:
    file = write(tmp_path, "[server]\nport = 1\nhost = 'a'\nmax_session = 5\n")
    config = load({"VIVAVOCE_SERVER_PORT": "2", "VIVAVOCE_SERVER_HOST": "b"}, file)
    args = parser(config).parse_args(["serve", "--port", "3"])
    assert (args.port, args.host, args.max_session, args.max_connections) == (3, "b", 5, 100)


def test_a_list_on_the_command_line_replaces_the_configured_one(tmp_path: Path) -> None:
    file = write(tmp_path, "[agent]\nexpect = ['one']\n[engines]\nstt = 'a'\n")
    line = ["talk", "--expect", "two", "--expect", "three", "--stt", "b,c", "--turn", "smart-turn"]
    args = parser(load({"VIVAVOCE_TURN": "none"}, file)).parse_args(line)
    assert args.expect == ("two", "three")
    assert (engines_of(args).stt, engines_of(args).turn) == (("b", "c"), ("smart-turn",))
    assert parser(load({}, file)).parse_args(["talk"]).expect == ("one",)


def test_policy_keys_outrank_one_by_one(tmp_path: Path) -> None:
    file = write(tmp_path, "[policy]\npreset = 'phone'\n[policy.endpoint]\nsilence_ms = 900\nmax_ms = 2000\n")
    args = parser(load({}, file)).parse_args(["talk", "--policy", "endpoint.silence_ms=450"])
    policy = policy_of(args)
    assert (policy.endpoint.silence_ms, policy.endpoint.max_ms) == (450, 2000)
    assert policy.barge_in == PRESETS["phone"].barge_in


def test_the_file_is_the_named_one_else_the_variables_else_the_one_that_is_here(tmp_path: Path) -> None:
    for name in ("vivavoce.toml", "variable.toml", "line.toml"):
        write(tmp_path, f"[agent]\nvoice = '{name}'\n", name)
    env = {"VIVAVOCE_CONFIG": str(tmp_path / "variable.toml")}
    line = named_file(["serve", "--config", str(tmp_path / "line.toml"), "--port", "1"])
    found = [load({}, folder=tmp_path), load(env, folder=tmp_path), load(env, line, tmp_path)]
    assert [config.found["agent.voice"].value for config in found] == ["vivavoce.toml", "variable.toml", "line.toml"]
    assert load({}, folder=tmp_path / "none").file is None


def test_paths_of_a_file_begin_where_it_is(tmp_path: Path) -> None:
    file = write(tmp_path, "[server]\nkeys = 'keys.txt'\nrecord = '/calls'\n")
    found = load({}, file).found
    assert (found["server.keys"].value, found["server.record"].value) == (tmp_path / "keys.txt", Path("/calls"))


def test_what_is_configured_is_not_taken_for_an_option_beside_an_app(tmp_path: Path) -> None:
    from vivavoce.app.settings import check_agent

    config = load({}, write(tmp_path, "[agent]\nvoice = 'jack'\n[policy]\npreset = 'phone'\n"))
    check_agent(parser(config).parse_args(["serve", "app.py"]))
    with pytest.raises(BadInput, match=r"--voice describes an agent, and app\.py does that"):
        check_agent(parser(config).parse_args(["serve", "app.py", "--voice", "amy"]))


@pytest.mark.offline
def test_an_agent_keeps_what_it_says_itself_and_takes_the_rest(tmp_path: Path) -> None:
    from vivavoce import Agent

    file = write(tmp_path, "[engines]\nllm = 'a:b'\nstt = 'c'\n[policy]\npreset = 'phone'\n")
    own, none = Agent("A.", name="own", llm="x:y", policy="headset"), Agent("B.", name="none")
    complete([own, none], parser(load({}, file)).parse_args(["talk"]))
    assert (own.engines.llm, own.engines.stt, own.policy) == (("x:y",), ("c",), PRESETS["headset"])
    assert (none.engines.llm, none.engines.stt, none.policy) == (("a:b",), ("c",), PRESETS["phone"])


def test_help_shows_what_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "[server]\nport = 4711\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    assert "default 4711" in capsys.readouterr().out


# what is refused


MISTAKES = {
    "[server]\nprot = 1": "there is no setting 'server.prot'; did you mean server.port?",
    "port = 1": "there is no setting 'port'; did you mean server.port?",
    "[servers]": "there is no setting 'servers'",
    "[zebra]\nquux = 1": "there is no setting 'zebra.quux'; see docs/configuration.md for what there is",
    "[policy.endpoint]\nsilens_ms = 1": "did you mean policy.endpoint.silence_ms?",
    "[server]\nport = 'x'": "server.port needs a whole number from 0 to 65535, not 'x'",
    "[server]\nport = true": "server.port needs a whole number from 0 to 65535, not true",
    "[server]\nport = 70000": "server.port needs a whole number from 0 to 65535, not 70000",
    "[server]\nmax_session = 0": "server.max_session needs a whole number from 1 up, not 0",
    "[agent]\nspeed = 7": "agent.speed needs a number from 0.5 to 2, not 7",
    "[agent]\nspeed = nan": "agent.speed needs a number from 0.5 to 2, not nan",
    "[agent]\nvoice = ['a']": "agent.voice needs text, not ['a']",
    "[agent]\nexpect = [1]": "agent.expect needs a list of texts, not [1]",
    "[agent.voice]\nname = 'a'": "agent.voice needs text, not {'name': 'a'}",
    "[engines]\nllm = 3": "engines.llm needs the name of an engine, or a list of names, not 3",
    "[policy]\npreset = 'loud'": "policy.preset needs one of browser, phone, headset, dictation, duet, not 'loud'",
    "[policy.endpoint]\nsilence_ms = 'x'": "policy.endpoint.silence_ms needs a whole number, not 'x'",
    "[policy.endpoint]\nsilence_ms = -1": "policy.endpoint.silence_ms: policy key 'endpoint.silence_ms' needs",
    "[policy.reply]\nspeculate = 'no'": "policy.reply.speculate needs true or false, not 'no'",
    "[server": "is not TOML: ",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_line_with_file_key_and_fix(text: str, tmp_path: Path) -> None:
    file = write(tmp_path, text)
    with pytest.raises(BadInput) as refused:
        load({}, file)
    said = str(refused.value)
    assert said.startswith(str(file))
    assert MISTAKES[text] in said
    assert "\n" not in said


@pytest.mark.parametrize("room", ["server", "agent", "engines", "policy", "policy.endpoint"])
def test_a_table_may_be_empty(room: str, tmp_path: Path) -> None:
    assert load({}, write(tmp_path, f"[{room}]\n")).found == {}


SECRETS = {
    "[engines]\nopenai_api_key = 'whatever'": "OPENAI_API_KEY",
    "[keys]\nDEEPGRAM_API_KEY = 'whatever'": "DEEPGRAM_API_KEY",
    "CARTESIA_API_KEY = 'whatever'": "CARTESIA_API_KEY",
    "[engines]\nllm = 'sk-abcdefghijklmnop1234'": "OPENAI_API_KEY",
    "[engines]\nllm = 'http://h/v1?api_key=abc#m'": "OPENAI_API_KEY",
    "[agent]\nvoice = '0123456789abcdef0123456789abcdef'": "OPENAI_API_KEY",
    "[server]\napi_keys = ['whatever']": "VIVAVOCE_API_KEYS",
}


@pytest.mark.parametrize("text", SECRETS)
def test_keys_do_not_belong_into_a_file(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"looks like a key.*fix: set the environment variable") as refused:
        load({}, write(tmp_path, text))
    assert SECRETS[text] in str(refused.value)
    assert not any(secret in str(refused.value) for secret in ("whatever", "abcdef", "=abc"))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.toml: no such file; fix: check the path"):
        load({}, tmp_path / "none.toml")
    with pytest.raises(BadInput, match="Is a directory; fix: "):
        load({}, tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="is not text"):
        load({}, tmp_path / "binary")


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("VIVAVOCE_SERVER_PROT", "1", "there is no setting VIVAVOCE_SERVER_PROT; did you mean VIVAVOCE_SERVER_PORT?"),
        ("VIVAVOCE_SERVER_PORT", "eighty", "VIVAVOCE_SERVER_PORT needs a whole number from 0 to 65535, not 'eighty'"),
        ("VIVAVOCE_POLICY_REPLY_SPECULATE", "maybe", "needs true or false, not 'maybe'"),
        ("VIVAVOCE_SERVER_WEBRTC", "best", "VIVAVOCE_SERVER_WEBRTC needs one of"),
    ],
)
def test_mistakes_in_the_environment(name: str, text: str, why: str) -> None:
    with pytest.raises(BadInput) as refused:
        load({name: text})
    assert why in str(refused.value)


def test_other_variables_are_nobodys_business(tmp_path: Path) -> None:
    env = {"VIVAVOCE_API_KEYS": "k", "VIVAVOCE_MODELS": "/m", "VIVAVOCE_LLM_KEY": "k", "VIVAVOCE_SERVER_HOST": " "}
    assert load(env, folder=tmp_path).found == {}


def test_commands_without_settings_do_not_mind_a_broken_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "[server")
    monkeypatch.chdir(tmp_path)
    assert main(["pull"]) == 0
    assert main(["talk", "--text", "hello"]) == 2
    assert "vivavoce: vivavoce.toml is not TOML" in capsys.readouterr().err
