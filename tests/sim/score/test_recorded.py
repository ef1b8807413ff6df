"""Truth files and sound alone."""

import numpy as np
import pytest

from vivavoce.core.errors import BadInput
from vivavoce.sim.score.recorded import heard, read_truth, stretches, write_truth

from .talk import sound

RATE = 16_000


def tone(*spans: tuple[int, int], ms: int, level: float = 0.1) -> np.ndarray:
    pcm = np.zeros(ms * RATE // 1000, np.int16)
    for a, b in spans:
        n = np.arange(a * RATE // 1000, b * RATE // 1000)
        pcm[n] = (np.sin(n * 0.3) * level * 32_767).astype(np.int16)
    return pcm


def test_a_truth_is_read_as_it_was_written() -> None:
    sounds = (sound("turn", (0, 900), (1_200, 2_000)), sound("tic", (3_000, 3_100)))
    assert read_truth(write_truth(sounds), "x") == sounds


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "t.json"),
        ('{"sounds": [{"kind": "song", "spans": [[0, 1]]}]}', "$.sounds[0].kind"),
        ('{"sounds": [{"kind": "turn", "spans": []}]}', "$.sounds[0].spans"),
        ('{"sounds": [{"kind": "turn", "spans": [[5, 3]]}]}', "$.sounds[0].spans"),
        ('{"sounds": [{"kind": "turn", "spans": [[0, 3], [2, 4]]}]}', "$.sounds[0].spans"),
        ('{"noises": []}', "noises"),
    ],
)
def test_a_truth_that_cannot_be_read_is_named(text: str, named: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_truth(text.encode(), "t.json")
    assert named in str(caught.value)
    assert "t.json" in str(caught.value)


def test_audible_is_above_minus_fifty() -> None:
    assert stretches(tone((500, 900), (1_000, 1_300), (2_000, 2_200), ms=3_000), RATE) == [(500, 1_300), (2_000, 2_200)]
    assert stretches(tone((500, 900), ms=1_000, level=0.003), RATE) == []


def test_a_call_of_which_only_the_sound_is_known() -> None:
    told = (sound("turn", (0, 1_000)), sound("interruption", (2_000, 3_000)))
    metrics = heard(tone((1_300, 2_400), ms=5_000), RATE, told).metrics()
    assert (metrics["gap_p50_ms"], metrics["R_R"], metrics["R_Y"], metrics["L_Y_ms"]) == (300, 0.5, 1.0, 400)
