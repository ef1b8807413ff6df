from __future__ import annotations

import numpy as np
import pytest

from vivavoce.audio.pcm import rms_dbfs
from vivavoce.transports.webrtc.aiortc_codec import Decoder, encoder, length

pytest.importorskip("av")


def sine(frames):
    return (9_000 * np.sin(2 * np.pi * 400 * np.arange(480 * frames) / 24_000)).astype(np.int16).reshape(-1, 480)


@pytest.mark.parametrize("codec", ["opus", "pcmu", "pcma"])
def test_there_and_back(codec):
    there, back = encoder(codec), Decoder(codec)
    size = there.rate // 50
    payloads = [there.encode(frame) for frame in sine(20)]
    assert all(length(codec, payload) == size for payload in payloads)
    heard = [back.decode(payload) for payload in payloads]
    assert all(pcm.size == size for pcm in heard)
    assert rms_dbfs(np.concatenate(heard[5:])) == pytest.approx(rms_dbfs(sine(1)[0]), abs=1.0)


@pytest.mark.parametrize("codec", ["opus", "pcmu", "pcma"])
def test_after_a_long_silence_speech_begins_like_the_first_time(codec):
    there, back = encoder(codec), Decoder(codec)
    first = [back.decode(there.encode(frame)) for frame in sine(5)]
    silence = [back.decode(there.encode(None)) for _ in range(300)]
    assert rms_dbfs(np.concatenate(silence[10:])) < -70
    again = [back.decode(there.encode(frame)) for frame in sine(5)]
    for one, other in zip(first[1:], again[1:], strict=True):
        assert rms_dbfs(one) == pytest.approx(rms_dbfs(other), abs=1.5)


def test_opus_is_fit_for_speech():
    there = encoder("opus")
    sizes = [len(there.encode(frame)) for frame in sine(50)]
    assert np.mean(sizes) * 50 * 8 < 50_000
    silent = [there.encode(None) for _ in range(50)]
    assert len(set(silent[20:])) == 1
    assert len(silent[-1]) < 30


def test_broken_packets_are_told():
    back = Decoder("opus")
    assert back.decode(b"\xff\xff\xff") is None
    assert back.conceal().size == 960
    assert Decoder("pcmu").decode(b"") is None


@pytest.mark.parametrize(
    ("payload", "samples"),
    [
        (b"", 0),
        (b"\x00x", 480),
        (b"\x08x", 960),
        (b"\x18x", 2_880),
        (b"\x60x", 480),
        (b"\x80x", 120),
        (b"\xf8\xff\xfe", 960),
        (b"\xf9x", 1_920),
        (b"\xfb\x03x", 2_880),
        (b"\xfb", 0),
        (b"\xfb\x3fx", 0),
    ],
)
def test_the_length_of_an_opus_packet(payload, samples):
    assert length("opus", payload) == samples
