"""Models of some kilobytes in the formats of the real ones: what they hear and say is nonsense, but it is loaded, fed
and streamed by the very code that real ones are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64
_LOUD = -8.0
"""Mean log energy of a mel band above which a frame counts as speech."""
HEARD = "going on"
"""What the transducer hears in any speech of some length."""
_TOKENS = ("<blk>", "▁GO", "ING", "▁ON", "<unk>")
_CHUNK, _LEFT, _DIM = 16, 4, 4


def _save(path: Path, nodes: list[Any], inputs: dict[str, Any], outputs: dict[str, Any], **extra: Any) -> None:
    """`inputs` and `outputs`: (type, shape); `extra`: constants (arrays) and metadata (anything else)."""
    constants = {name: value for name, value in extra.items() if isinstance(value, np.ndarray)}
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
        [helper.make_tensor_value_info(name, *kind) for name, kind in outputs.items()],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {name: str(value) for name, value in extra.items() if name not in constants})
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))


def zipformer(folder: Path) -> None:
    """A streaming transducer that hears "going on" whenever somebody speaks."""
    _encoder(folder / "encoder.onnx")
    tokens = len(_TOKENS)
    # After each token only one other is likely, and none after the last.
    table = np.zeros((tokens, tokens), np.float32)
    table[:, 0] = 1.0
    for last in range(3):
        table[last, last + 1] = 10.0
    _save(
        folder / "decoder.onnx",
        [
            helper.make_node("Gather", ["y", "last"], ["token"], axis=1),
            helper.make_node("Gather", ["table", "token"], ["decoder_out"], axis=0),
        ],
        {"y": (INT, ["N", 2])},
        {"decoder_out": (FLOAT, ["N", tokens])},
        table=table,
        last=np.array(1),
        context_size=2,
        vocab_size=tokens,
    )
    _save(
        folder / "joiner.onnx",
        [helper.make_node("Mul", ["encoder_out", "decoder_out"], ["logit"])],
        {"encoder_out": (FLOAT, ["N", tokens]), "decoder_out": (FLOAT, ["N", tokens])},
        {"logit": (FLOAT, ["N", tokens])},
        joiner_dim=tokens,
    )
    lines = (f"{token} {number}\n" for number, token in enumerate(_TOKENS))
    (folder / "tokens.txt").write_text("".join(lines), encoding="utf-8")


def _encoder(path: Path) -> None:
    """For 40 ms each: 1 for the blank, and whether it is loud for the other tokens. Its states are passed through."""
    states: dict[str, Any] = {
        "cached_key_0": (FLOAT, [_LEFT, "N", _DIM]),
        "cached_nonlin_attn_0": (FLOAT, [1, "N", _LEFT, 3 * _DIM // 4]),
        "cached_val1_0": (FLOAT, [_LEFT, "N", _DIM]),
        "cached_val2_0": (FLOAT, [_LEFT, "N", _DIM]),
        "cached_conv1_0": (FLOAT, ["N", _DIM, 1]),
        "cached_conv2_0": (FLOAT, ["N", _DIM, 1]),
        "embed_states": (FLOAT, ["N", 128, 3, 19]),
        "processed_lens": (INT, ["N"]),
    }
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["groups"]),
        helper.make_node("ReduceMean", ["groups"], ["energy"], axes=[2], keepdims=1),
        helper.make_node("Greater", ["energy", "threshold"], ["is_loud"]),
        helper.make_node("Cast", ["is_loud"], ["loud"], to=FLOAT),
        helper.make_node("Mul", ["loud", "others"], ["likely"]),
        helper.make_node("Add", ["likely", "blank"], ["encoder_out"]),
        *(helper.make_node("Identity", [name], [f"new_{name}"]) for name in states),
    ]
    blank = np.eye(1, len(_TOKENS), dtype=np.float32)
    _save(
        path,
        nodes,
        {"x": (FLOAT, ["N", _CHUNK, 80]), **states},
        {
            "encoder_out": (FLOAT, ["N", _CHUNK // 4, len(_TOKENS)]),
            **{f"new_{name}": kind for name, kind in states.items()},
        },
        shape=np.array([0, _CHUNK // 4, 320]),
        threshold=np.array(_LOUD, np.float32),
        others=1 - blank,
        blank=blank,
        model_type="zipformer2",
        T=_CHUNK,
        decode_chunk_len=_CHUNK,
        encoder_dims=_DIM,
        query_head_dims=_DIM,
        value_head_dims=_DIM,
        num_heads=1,
        num_encoder_layers=1,
        cnn_module_kernels=2,
        left_context_len=_LEFT,
    )


_PER_TOKEN = 600
"""Samples of each phoneme at usual speed."""


def vits(folder: Path, speakers: int = 1) -> None:
    """A voice in Piper's format: a tone per phoneme, higher for each speaker."""
    pace = [
        helper.make_node("Gather", ["scales", "one"], ["slower"], axis=0),
        *([helper.make_node("Cast", ["sid"], ["speaker"], to=FLOAT)] if speakers > 1 else []),
    ]
    inputs = {"input": (INT, [1, "N"]), "input_lengths": (INT, [1]), "scales": (FLOAT, [3])}
    if speakers > 1:
        inputs["sid"] = (INT, [1])
    metadata = {"comment": "piper", "add_blank": 1, "voice": "en-us"}
    _voice(folder / "en_US-tiny.onnx", "input", pace, inputs, speakers, metadata, 22_050)
    _phonemes(folder)


def kokoro(folder: Path, speakers: int) -> None:
    """A voice in Kokoro's format."""
    longest, style = 512, 4
    pace = [
        helper.make_node("Reciprocal", ["speed"], ["slower_row"]),
        helper.make_node("Squeeze", ["slower_row"], ["slower"]),
        helper.make_node("ReduceMean", ["style"], ["speaker"], keepdims=0),
    ]
    inputs = {"tokens": (INT, [1, "N"]), "style": (FLOAT, [1, style]), "speed": (FLOAT, [1])}
    metadata = {"model_type": "kokoro", "version": 1, "voice": "en-us", "style_dim": f"{longest},1,{style}"}
    _voice(folder / "model.onnx", "tokens", pace, inputs, speakers, metadata, 24_000)
    voices = np.repeat(np.arange(speakers, dtype=np.float32) / 100, longest * style)
    (folder / "voices.bin").write_bytes(voices.tobytes())
    _phonemes(folder)


def _voice(
    path: Path,
    ids: str,
    pace: list[Any],
    inputs: dict[str, Any],
    speakers: int,
    metadata: dict[str, Any],
    rate: int,
) -> None:
    """`pace` makes the scalar `slower`, and `speaker` if there are several."""
    wave = [
        helper.make_node("Mul", ["usual", "slower"], ["length"]),
        helper.make_node("Range", ["zero", "length", "unit"], ["t"]),
        helper.make_node("Cast", [ids], ["numbers"], to=FLOAT),
        helper.make_node("Mul", ["numbers", "step"], ["pitches"]),
        helper.make_node("Add", ["pitches", "speaker"], ["moved"]),
        helper.make_node("Reshape", ["moved", "column"], ["rows"]),
        helper.make_node("Mul", ["rows", "t"], ["phases"]),
        helper.make_node("Sin", ["phases"], ["sines"]),
        helper.make_node("Mul", ["sines", "half"], ["quieter"]),
        helper.make_node("Reshape", ["quieter", "row"], ["output"]),
    ]
    constants = {
        "usual": np.array(_PER_TOKEN, np.float32),
        "zero": np.array(0, np.float32),
        "unit": np.array(1, np.float32),
        "one": np.array(1),
        "step": np.array(0.002, np.float32),
        "half": np.array(0.5, np.float32),
        "column": np.array([-1, 1]),
        "row": np.array([1, 1, -1]),
    }
    if speakers == 1 and "style" not in inputs:
        constants["speaker"] = np.array(0, np.float32)
    extra = {"sample_rate": rate, "n_speakers": speakers, "has_espeak": 1, "language": "English", **metadata}
    _save(path, [*pace, *wave], inputs, {"output": (FLOAT, [1, 1, "T"])}, **constants, **extra)


def _phonemes(folder: Path) -> None:
    """The phonemes' numbers, and what espeak-ng needs to find the phonemes."""
    import espeakng_loader

    symbols = [
        *"_^$ !'(),-.:;?",
        *"abcdefghijklmnopqrstuvwxyz",
        *"æçðøħŋœɐɑɒɔɕɖɗɘəɚɛɜɞɟɡɢɣɥɨɪɫɬɭɮɯɰɱɲɳɴɵɶɸɹɺɻɽɾʀʁʂʃʈʉʊʋʌʍʎʏʐʑʒʔʕˈˌːˑ",
    ]
    lines = (f"{symbol} {number}\n" for number, symbol in enumerate(symbols))
    (folder / "tokens.txt").write_text("".join(lines), encoding="utf-8")
    shutil.copytree(espeakng_loader.get_data_path(), folder / "espeak-ng-data")


def smart_turn(folder: Path, p: float, asks_for: str = "input_features", cut: int | None = None) -> None:
    """A turn model that always thinks the same. `cut`: only so many bytes of it."""
    _save(
        folder / "network.onnx",
        [
            helper.make_node("ReduceMean", [asks_for], ["mean"], axes=[1, 2], keepdims=0),
            helper.make_node("Mul", ["mean", "nothing"], ["none"]),
            helper.make_node("Add", ["none", "p"], ["row"]),
            helper.make_node("Unsqueeze", ["row", "last"], ["logits"]),
        ],
        {asks_for: (FLOAT, ["N", 80, 800])},
        {"logits": (FLOAT, ["N", 1])},
        nothing=np.array(0.0, np.float32),
        p=np.array(p, np.float32),
        last=np.array([1]),
    )
    path = folder / "network.onnx"
    path.write_bytes(path.read_bytes()[:cut])
