"""RIFF WAV in bytes: reading what the world produces, writing 16-bit PCM."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .g711 import alaw_decode, ulaw_decode
from .pcm import AudioError, Pcm, to_mono
from .resample import resample

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_UNKNOWN = 0xFFFFFFFF
"""The size a writer gives when it cannot go back: the data lasts to the end."""
_LOWEST, _HIGHEST = 4_000, 384_000
_OTHERS = {
    b"ID3": "an MP3",
    b"fLaC": "a FLAC",
    b"OggS": "an Ogg",
    b"FORM": "an AIFF",
    b"RIFX": "a big-endian WAV",
    b"\x1aE\xdf\xa3": "a Matroska or WebM",
}


@dataclass(frozen=True, slots=True)
class _Format:
    tag: int
    channels: int
    rate: int
    align: int
    """Bytes of one frame, as the header says; not to be trusted."""
    bits: int


def read_wav(data: bytes) -> tuple[NDArray[np.int16] | NDArray[np.float32], int]:
    """The samples, shape (frames, channels), and their rate per second.

    int16 for 8- and 16-bit PCM and for G.711, float32 in -1..1 for anything finer. A data chunk that claims more than
    there is, or whose size was never filled in, ends where the bytes end. Raises `AudioError` for what is no WAV, is
    cut off before the samples, holds none, or is coded in a way we do not read.
    """
    header, body = _chunks(data)
    if not _LOWEST <= header.rate <= _HIGHEST:
        raise AudioError(f"WAV claims {header.rate} samples per second; use {_LOWEST} to {_HIGHEST}")
    if not header.channels:
        raise AudioError("WAV claims 0 channels; its header is damaged, export it again")
    samples = _decode(header, body)
    frames = samples.size // header.channels
    if not frames:
        raise AudioError("WAV holds no samples; record or export it again")
    return samples[: frames * header.channels].reshape(frames, header.channels), header.rate


def load_mono(data: bytes, rate: int) -> Pcm:
    """A WAV as int16 mono at `rate` samples per second. Raises `AudioError` as `read_wav` does."""
    samples, own = read_wav(data)
    return resample(to_mono(samples), own, rate)


def write_wav(channels: Pcm | Sequence[Pcm], rate: int) -> bytes:
    """16-bit PCM WAV of one mono track, or of several of equal length. Raises `AudioError` if they are not."""
    tracks = [channels] if isinstance(channels, np.ndarray) else list(channels)
    if not tracks or any(track.size != tracks[0].size for track in tracks):
        sizes = [track.size for track in tracks]
        raise AudioError(f"tracks of {sizes} samples make no WAV; give at least one, all of one length")
    frames = np.stack(tracks, axis=1).astype("<i2")
    return wav_header(rate, len(tracks), len(frames)) + frames.tobytes()


HEADER_SIZE = 44
"""Bytes of every `wav_header`."""


def wav_header(rate: int, channels: int, frames: int | None) -> bytes:
    """The 44 bytes before 16-bit PCM samples. To record a stream, write one with `frames=None` (readers then go to the
    end of the file) and write it again over the first when the number is known. More than 4 GiB also count as unknown.
    """
    size = _UNKNOWN if frames is None else frames * channels * 2
    size = size if size + 36 < _UNKNOWN else _UNKNOWN
    align = channels * 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        min(size + 36, _UNKNOWN),
        b"WAVE",
        b"fmt ",
        16,
        _PCM,
        channels,
        rate,
        rate * align,
        align,
        16,
        b"data",
        size,
    )


def _chunks(data: bytes) -> tuple[_Format, memoryview]:
    """The format and the bytes of the samples."""
    _check_kind(data)
    view = memoryview(data)
    header: _Format | None = None
    body: memoryview | None = None
    long_size = 0
    at = 12
    while at + 8 <= len(data) and (header is None or body is None):
        name = data[at : at + 4]
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if name == b"ds64" and at + 16 <= len(data):
            long_size = int.from_bytes(data[at + 8 : at + 16], "little")
        elif name == b"fmt ":
            header = _format(data[at : at + size])
        elif name == b"data":
            size = _data_size(data, at, size, long_size)
            body = view[at : at + size]
        at += size
        # The pad byte after an odd chunk is 0, and no chunk's name begins with 0: some writers forget the pad.
        if size % 2 and data[at : at + 1] == b"\0":
            at += 1
    if header is None:
        raise AudioError("WAV has no format chunk; it is cut off or damaged, export it again")
    if body is None:
        raise AudioError("WAV has no data chunk; it is cut off or damaged, export it again")
    return header, body


def _check_kind(data: bytes) -> None:
    if not data:
        raise AudioError("the file is empty; give a WAV with samples")
    if data[:4] in (b"RIFF", b"RF64", b"BW64") and data[8:12] == b"WAVE":
        return
    if data[:4] in (b"RIFF", b"RF64", b"BW64") and len(data) < 12:
        raise AudioError("WAV is cut off in its first 12 bytes; export it again")
    kind = next((kind for magic, kind in _OTHERS.items() if data.startswith(magic)), "no WAV")
    raise AudioError(f"this is {kind} file; convert it to WAV, as in: ffmpeg -i FILE -ar 16000 -ac 1 out.wav")


def _data_size(data: bytes, at: int, size: int, long_size: int) -> int:
    """Bytes of samples from `at` on, trusting the size in the header no further than it makes sense."""
    rest = len(data) - at
    if size == _UNKNOWN and long_size:
        return min(long_size, rest)
    whole = int.from_bytes(data[4:8], "little")
    never_filled_in = size == 0 and (whole in (0, _UNKNOWN) or whole <= at - 8)
    return rest if never_filled_in else min(size, rest)


def _format(chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise AudioError(f"WAV has a format chunk of {len(chunk)} bytes; it is cut off, export it again")
    tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        # The true format is the first two bytes of the GUID.
        tag = int.from_bytes(chunk[24:26], "little")
    return _Format(tag, channels, rate, align, bits)


def _decode(header: _Format, body: memoryview) -> NDArray[Any]:
    """All whole samples, channels interleaved."""
    if header.tag == _ULAW:
        return ulaw_decode(body)
    if header.tag == _ALAW:
        return alaw_decode(body)
    width = -(-header.bits // 8)
    if header.tag == _PCM and width <= header.align // header.channels <= 4:
        # Fewer bits in a wider container stand at its upper end.
        width = header.align // header.channels
    raw = body[: len(body) - len(body) % width] if width else body
    if header.tag == _PCM and 1 <= width <= 4:
        return _decode_pcm(raw, width)
    if header.tag == _FLOAT and header.bits in (32, 64):
        floats = np.frombuffer(raw, dtype=f"<f{width}").astype(np.float32)
        return np.nan_to_num(floats, nan=0.0, posinf=1.0, neginf=-1.0)
    raise AudioError(
        f"WAV is coded as format {header.tag} with {header.bits} bits; use PCM, float or G.711, as in: "
        "ffmpeg -i FILE -c:a pcm_s16le out.wav"
    )


def _decode_pcm(raw: memoryview, width: int) -> NDArray[Any]:
    if width == 1:
        return (np.frombuffer(raw, dtype=np.uint8).astype(np.int16) - 128) << 8
    if width == 2:
        return np.frombuffer(raw, dtype="<i2").astype(np.int16)
    wide = np.zeros((len(raw) // width, 4), dtype=np.uint8)
    wide[:, 4 - width :] = np.frombuffer(raw, dtype=np.uint8).reshape(-1, width)
    return wide.view("<i4").reshape(-1).astype(np.float32) * np.float32(2.0**-31)
