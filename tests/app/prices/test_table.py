"""The price table: every figure dated and by its source, every metered unit priced, the user's own file on top."""

from __future__ import annotations

import ast
import json
import tomllib
from datetime import date
from pathlib import Path

import pytest

import vivavoce.providers
from vivavoce.app.cli import main
from vivavoce.app.prices import PriceTable, load_prices
from vivavoce.app.prices.table import METERED, OURS, PRINTED
from vivavoce.core.commands import Role, Usage
from vivavoce.core.errors import BadInput
from vivavoce.core.meter import Bill
from vivavoce.providers.catalogue import ROWS

UNPRICED = {"deepgram:nova-2"}
"""Of the catalogue: their vendors have no public price for them."""
ALL_UNITS = {unit for units in METERED.values() for unit in units}


def catalogue() -> list[tuple[Role, str]]:
    return [(row.role, f"{row.vendor}:{model}") for row in ROWS for model in row.models]


@pytest.fixture
def ours() -> PriceTable:
    return load_prices(env={})


def mine(folder: Path, text: str) -> Path:
    file = folder / "prices.toml"
    file.write_text(text)
    return file


def test_every_figure_has_a_day_and_a_source(ours: PriceTable) -> None:
    for model, price in ours.listed.items():
        assert price.source.startswith("https://"), model
        assert price.as_of is not None, model
        assert date(2026, 1, 1) < price.as_of <= date.today(), model


@pytest.mark.parametrize(("role", "model"), catalogue())
def test_a_model_of_the_catalogue_has_a_price_for_all_that_it_is_metered_by(
    ours: PriceTable, role: Role, model: str
) -> None:
    bill = Bill()
    bill.add(Usage(role, model, tuple((unit, 1.0) for unit in METERED.get(role, ()))), ours.of_models([model]))
    assert bill.unpriced == (model in UNPRICED)


def test_language_models_are_priced_by_every_unit(ours: PriceTable) -> None:
    llms = [price for price in ours.listed.values() if "input_tokens" in price.units]
    assert len(llms) > 40
    assert all(price.units.keys() == set(METERED[Role.LLM]) for price in llms)


def test_adapters_meter_by_no_other_units() -> None:
    """A unit that the table does not know would make every call unpriced."""
    found: dict[str, set[str]] = {}
    for file in Path(vivavoce.providers.__path__[0]).rglob("*.py"):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and _makes_usage(function):
                texts = {node.value for node in ast.walk(function) if isinstance(node, ast.Constant)}
                units = {text for text in texts if isinstance(text, str) and text.endswith(UNIT_ENDS)}
                found.setdefault(file.name, set()).update(unit for unit in units if unit.isidentifier())
    assert {"model.py", "speaking.py", "listener.py"} <= found.keys()
    assert set.union(*found.values()) == ALL_UNITS


UNIT_ENDS = ("tokens", "characters", "seconds", "minutes", "words", "samples", "requests")


def _makes_usage(function: ast.AST) -> bool:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(isinstance(name, ast.Name) and name.id == "Usage" for name in calls)


def test_a_price_is_for_one_of_the_metered_unit(ours: PriceTable) -> None:
    assert ours.listed["assemblyai:universal-streaming-multilingual"].units["seconds"] == pytest.approx(0.15 / 3600)
    assert ours.listed["deepgram:aura-2"].units == pytest.approx({"characters": 30e-6, "seconds": 0.0})
    assert ours.listed["openai:gpt-4o-mini-tts"].units == pytest.approx({"characters": 0.0, "seconds": 0.015 / 60})


def test_cached_tokens_cost_less_and_are_not_counted_twice(ours: PriceTable) -> None:
    """The meter has tokens read from a cache, or written to one, among the input tokens too."""
    amounts = (("input_tokens", 1e6), ("cached_input_tokens", 6e5), ("cache_write_tokens", 3e5), ("output_tokens", 1e5))
    bill = Bill()
    bill.add(Usage(Role.LLM, model := "anthropic:claude-sonnet-4-5", amounts), ours.of_models([model]))
    assert bill.total == pytest.approx(0.1 * 3 + 0.6 * 0.3 + 0.3 * 3.75 + 0.1 * 15)


def test_no_price_for_a_cache_is_that_of_other_tokens(ours: PriceTable) -> None:
    units = ours.listed["groq:llama-3.3-70b-versatile"].units
    assert (units["cached_input_tokens"], units["cache_write_tokens"]) == (0.0, 0.0)


def test_unknown_and_embedded_models_are_left_out(ours: PriceTable) -> None:
    assert ours.of_models(["offline:script", "deepgram:nova-2", "my-own", "openai:no-such"]) == {}


def test_what_runs_here_is_free(ours: PriceTable) -> None:
    prices = ours.of_models(["whisper:base.en"])
    assert prices["whisper:base.en", "seconds"] == 0.0


def test_language_models_that_are_not_listed_are_looked_up(ours: PriceTable) -> None:
    same = ours.price("anthropic:claude-sonnet-4-5-20250929")
    assert same is not None
    assert same.units == pytest.approx(ours.listed["anthropic:claude-sonnet-4-5"].units)
    assert same.source.startswith("genai-prices ")


def test_the_users_table_outranks_ours(tmp_path: Path) -> None:
    file = mine(
        tmp_path,
        '[contract]\nas_of = 2026-11-01\n[contract.models]\n"deepgram:nova-3" = { per_minute = 0.0042 }\n'
        '"whisper:base.en" = { per_hour = 0.02 }\n"my-own" = { per_1k_characters = 0.01 }\n',
    )
    for table in (load_prices(file, {}), load_prices(env={"VIVAVOCE_PRICES": str(file)})):
        price = table.listed["deepgram:nova-3"]
        assert price.units["seconds"] == pytest.approx(0.0042 / 60)
        assert (price.source, price.as_of) == (str(file), date(2026, 11, 1))
        prices = table.of_models(["my-own", "whisper:base.en", "openai:gpt-5-mini"])
        assert prices["whisper:base.en", "seconds"] == pytest.approx(0.02 / 3600)
        assert prices["my-own", "characters"] == pytest.approx(1e-5)
        assert prices["openai:gpt-5-mini", "output_tokens"] == pytest.approx(2e-6)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("{ per_second = 1 }", ["deepgram:nova-3", "per_second", "fields are", "per_minute"]),
        ('{ per_minute = "cheap" }', ["deepgram:nova-3", "float", "per_minute"]),
        ("{ per_minute = -1 }", ["per_minute must be 0 or more, not -1", "fix"]),
        ("{ per_minute = nan }", ["per_minute must be 0 or more, not nan"]),
        ("{ per_minute = 1, per_hour = 60 }", ["per_hour prices seconds for a second time", "fix"]),
        ("{ as_of = 2026-01-01 }", ["has no price", "fix", "per_minute"]),
        ("{ per_1m_input_tokens = 1 }", ["output_tokens", "fix: add per_1m_output_tokens"]),
    ],
)
def test_a_wrong_row_is_refused_with_the_fix(tmp_path: Path, row: str, words: list[str]) -> None:
    file = mine(tmp_path, f'[mine.models]\n"deepgram:nova-3" = {row}\n')
    with pytest.raises(BadInput) as refused:
        load_prices(file)
    assert [word for word in (str(file), *words) if word not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"deepgram:nova-3" = { per_minute = 1 }', ["deepgram:nova-3", "per_minute", "models"]),
        ("[mine]\n", ["mine", "models", "docs/costs.md"]),
        ("[mine", ["is not TOML", "fix"]),
    ],
)
def test_a_wrong_file_is_refused_with_the_fix(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        load_prices(mine(tmp_path, text))
    assert [word for word in words if word not in str(refused.value)] == []


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"absent\.toml.*No such file.*fix"):
        load_prices(env={"VIVAVOCE_PRICES": str(tmp_path / "absent.toml")})


def test_the_example_of_the_page_loads(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "costs.md").read_text(encoding="utf-8")
    example = next(block for block in page.split("```") if "# my-prices.toml" in block)
    assert "my-own-model" in load_prices(mine(tmp_path, example)).listed
    assert [key for key in PRINTED if f"`{key}`" not in page] == []
    assert [model for model in UNPRICED if f"`{model}`" not in page] == []


def test_every_printed_unit_is_a_metered_one() -> None:
    assert {unit for unit, _ in PRINTED.values()} == ALL_UNITS
    assert tomllib.loads(OURS.read_text(encoding="utf-8"))["deepgram"]["note"]


APP = """
from vivavoce import Agent
from vivavoce.core.commands import Role, Usage
from vivavoce.providers.base import TextDelta

class Told:
    model = "openai:gpt-5-mini"
    async def stream(self, ask):
        yield TextDelta("Hello.")
        yield Usage(Role.LLM, self.model, (("input_tokens", 4000.0), ("output_tokens", 1000.0)))
    async def close(self):
        pass

agent = Agent("You are kind.", llm=Told())
"""


@pytest.mark.offline
def test_a_call_is_priced_and_the_users_file_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = tmp_path / "app.py"
    app.write_text(APP)
    file = mine(
        tmp_path,
        '[mine.models]\n"openai:gpt-5-mini" = { per_1m_input_tokens = 1, per_1m_output_tokens = 1 }\n',
    )
    costs = []
    for more in ([], ["--prices", str(file)]):
        assert main(["talk", str(app), "--text", "hello", "--json", *more]) == 0
        turns = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        costs.append(next(turn["cost"] for turn in turns if turn.get("user_text") == "hello"))
    assert costs == pytest.approx([4000 * 0.25e-6 + 1000 * 2e-6, 0.005])
    file.write_text("[broken")
    (tmp_path / "other.toml").write_text("[broken")
    assert main(["talk", str(app), "--text", "hello", "--prices", str(tmp_path / "other.toml")]) == 2
    assert "other.toml is not TOML" in capsys.readouterr().err
