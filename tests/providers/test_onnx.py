"""Networks in this process: a file that is one, and one that is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from tests.providers.local import tiny

from vivavoce.providers import onnx


def test_a_network_answers_whoever_asks_it(tmp_path: Path) -> None:
    tiny.smart_turn(tmp_path, 0.25)
    session = onnx.load(str(tmp_path / "network.onnx"))
    (answers,) = session.run(None, {"input_features": np.zeros((2, 80, 800), np.float32)})
    assert answers.tolist() == [[0.25], [0.25]]
    assert session.get_session_options().intra_op_num_threads == 1


def test_what_is_no_network_raises(tmp_path: Path) -> None:
    (tmp_path / "network.onnx").write_bytes(b"no network")
    with pytest.raises(Exception, match=r"network\.onnx"):
        onnx.load(str(tmp_path / "network.onnx"))
