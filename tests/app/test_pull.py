"""`vivavoce pull` as a user sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.providers.local.conftest import home, shelf  # noqa: F401 - fixtures
from tests.providers.local.shelf import Shelf

from vivavoce.app import pull
from vivavoce.app.cli import main
from vivavoce.providers.local import models
from vivavoce.providers.local.models import MODELS


@pytest.fixture
def tiny(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:  # noqa: F811
    """`shelf:tiny` can be pulled."""
    for module in (models, pull):
        monkeypatch.setattr(module, "MODELS", (*MODELS, shelf.model("big.bin", "small.txt", sha256=False)))
    return shelf


def test_everything_that_can_be_pulled_is_listed(tiny: Shelf, home: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert main(["pull"]) == 0
    out = capsys.readouterr().out
    for model in MODELS:
        (line,) = (line for line in out.splitlines() if line.startswith(model.name + " "))
        assert model.licence in line
        assert " here" not in line
    assert str(home) in out


def test_a_model_is_pulled_listed_and_removed(tiny: Shelf, home: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert main(["pull", "shelf:tiny"]) == 0
    out = capsys.readouterr().out
    assert "not verified, as no digest is known: small.txt, SHA-256 " in out
    assert f"shelf:tiny is here: {home}/shelf/tiny (licence: CC0-1.0)" in out
    asked = len(tiny.asked)
    assert main(["pull", "shelf:tiny"]) == 0
    assert len(tiny.asked) == asked
    main(["pull"])
    assert any("shelf:tiny" in line and " here " in line for line in capsys.readouterr().out.splitlines())
    assert main(["pull", "--remove", "shelf:tiny"]) == 0
    assert "shelf:tiny is gone" in capsys.readouterr().out
    assert main(["pull", "--remove", "shelf:tiny"]) == 0
    assert "was not here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "said"),
    [(["whisper:enormous"], "'whisper:enormous' cannot be pulled; choose "), (["--remove"], "which model?")],
)
def test_what_cannot_be_pulled(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pull", *argv]) == 2
    assert said in capsys.readouterr().err


def test_offline_is_one_line(tiny: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.status = 503
    assert main(["pull", "shelf:tiny"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"vivavoce: {tiny.url}/big.bin could not be reached (503 ")


def test_ctrl_c_keeps_what_has_arrived(shelf: Shelf, home: Path) -> None:  # noqa: F811
    shelf.each_s = 0.05
    code = (
        "import sys\n"
        "from tests.providers.local.shelf import Shelf\n"
        "from vivavoce.app import pull\n"
        "from vivavoce.providers.local import models\n"
        f"shelf = Shelf({{'big.bin': bytes(512000)}}, url={shelf.url!r})\n"
        "models.MODELS = (shelf.model('big.bin', sha256=False),)\n"
        "from vivavoce.app.cli import main\n"
        "sys.exit(main(['pull', 'shelf:tiny']))\n"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    part = home / ".incoming" / "shelf--tiny" / "big.bin.part"
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert b"to go on from there: vivavoce pull shelf:tiny" in out
    assert b"Traceback" not in err
    kept = part.stat().st_size
    assert 0 < kept < 512_000
    shelf.each_s = 0
    assert subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, timeout=30).returncode == 0
    assert (home / "shelf" / "tiny" / "big.bin").stat().st_size == 512_000
    assert shelf.asked[-1] == ("/big.bin", f"bytes={kept}-")
