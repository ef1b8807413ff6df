"""A Whisper of some kilobytes in faster-whisper's format: whatever it hears, it writes the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tests.providers.local.tiny import HEARD

_DEPTH = 64
_TIMES = 1501
_STRETCH = 10
"""Frames of 20 ms."""
_BEGIN, _END = "<|0.00|>", "<|1.00|>"
_EOT = "<|endoftext|>"
_SPECIAL = (
    *(_EOT, "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>"),
    *("<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"),
)


def whisper(folder: Path) -> None:
    """Write the model there."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    said = [f"Ġ{word}" for word in HEARD.split()]
    bytes_ = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*bytes_, *said])}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    times = [f"<|{n * 0.02:.2f}|>" for n in range(_TIMES)]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in (*_SPECIAL, *times)])
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens = [*vocabulary, *_SPECIAL, *times]
    _weights(folder, tokens, [_BEGIN, *said, _END, _EOT])


def _weights(folder: Path, tokens: list[str], script: list[str]) -> None:
    """Layers of nothing: what is written at each place depends on the place alone. But each place listens to a stretch
    of the audio, one after the other, so that words have times."""
    from ctranslate2.specs import WhisperSpec

    chance = np.random.default_rng(0)
    embeddings = chance.normal(size=(len(tokens), _DEPTH)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    spec = WhisperSpec(1, 1, 1, 1)
    for side, places in ((spec.encoder, 1500), (spec.decoder, 448)):
        side.position_encodings.encodings = np.zeros((places, _DEPTH), np.float32)
        _norm(side.layer_norm)
        for layer in side.layer:
            _attention(layer.self_attention, 3, 1)
            _linear(layer.ffn.linear_0, 4 * _DEPTH, _DEPTH)
            _linear(layer.ffn.linear_1, _DEPTH, 4 * _DEPTH)
            _norm(layer.ffn.layer_norm)
    listening = spec.decoder.layer[0].attention
    _attention(listening, 1, 2, 1)
    stretches = chance.normal(size=(1500 // _STRETCH, _DEPTH)).astype(np.float32)
    spec.encoder.position_encodings.encodings = stretches.repeat(_STRETCH, axis=0)
    listening.linear[1].weight[:_DEPTH] = np.eye(_DEPTH, dtype=np.float32)
    for nth, token in enumerate(script):
        listening.linear[0].weight += np.outer(stretches[nth], embeddings[tokens.index(token)])
    for conv, channels in ((spec.encoder.conv1, 80), (spec.encoder.conv2, _DEPTH)):
        conv.weight = np.zeros((_DEPTH, channels, 3), np.float32)
        conv.bias = np.zeros(_DEPTH, np.float32)
    spec.decoder.embeddings.weight = embeddings
    spec.decoder.projection.weight = embeddings * 4
    for place in range(448):
        token = tokens.index(script[min(place, len(script) - 1)])
        spec.decoder.position_encodings.encodings[place] = 10 * embeddings[token]
    spec.config.alignment_heads = [(0, 0)]
    spec.config.suppress_ids, spec.config.suppress_ids_begin, spec.config.lang_ids = [], [], []
    spec.register_vocabulary(tokens)
    spec.validate()
    spec.save(str(folder))


def _norm(spec: Any) -> None:
    spec.gamma, spec.beta = np.ones(_DEPTH, np.float32), np.zeros(_DEPTH, np.float32)


def _linear(spec: Any, rows: int, columns: int) -> None:
    spec.weight, spec.bias = np.zeros((rows, columns), np.float32), np.zeros(rows, np.float32)


def _attention(spec: Any, *blocks: int) -> None:
    _norm(spec.layer_norm)
    for linear, rows in zip(spec.linear, blocks, strict=True):
        _linear(linear, rows * _DEPTH, _DEPTH)
