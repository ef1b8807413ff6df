"""Formats both ways, odd chunks, and the buffer of what was appended."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from vivavoce.audio.g711 import alaw_decode, ulaw_decode
from vivavoce.wire.openai_realtime.audio import KEPT_MS, Encoder, InputBuffer, bytes_per_ms, decode, rate_of
from vivavoce.wire.openai_realtime.config import Alaw, Format, Pcm, Ulaw
from vivavoce.wire.openai_realtime.refusal import Refusal

TONE = (8_000 * np.sin(np.arange(24_000) * 2 * np.pi * 400 / 24_000)).astype(np.int16)


def base(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(("form", "rate", "per_ms"), [(Pcm(), 24_000, 48), (Ulaw(), 8_000, 8), (Alaw(), 8_000, 8)])
def test_each_format_has_its_rate(form: Format, rate: int, per_ms: int) -> None:
    assert (rate_of(form), bytes_per_ms(form)) == (rate, per_ms)


def test_pcm_is_taken_as_it_is() -> None:
    data, pcm = decode(base(TONE.astype("<i2").tobytes()), Pcm())
    assert np.array_equal(pcm, TONE)
    assert data == TONE.tobytes()


@pytest.mark.parametrize(("form", "back"), [(Ulaw(), ulaw_decode), (Alaw(), alaw_decode)])
def test_telephone_bytes_become_samples_of_8_khz(form: Format, back) -> None:
    data, pcm = decode(base(bytes(range(256))), form)
    assert data == bytes(range(256))
    assert np.array_equal(pcm, back(data))


def test_no_audio_at_all_is_audio() -> None:
    assert decode("", Pcm())[1].size == 0


@pytest.mark.parametrize("audio", ["A", "A===", "ab c", "äöü=", "####"])
def test_what_is_no_base64_is_refused(audio: str) -> None:
    with pytest.raises(Refusal) as refusal:
        decode(audio, Ulaw())
    assert (refusal.value.code, refusal.value.param) == ("invalid_value", "audio")


def test_half_a_sample_is_refused_where_samples_have_two_bytes() -> None:
    with pytest.raises(Refusal, match="even number of bytes"):
        decode(base(b"\x01\x02\x03"), Pcm())
    assert decode(base(b"\x01\x02\x03"), Ulaw())[1].size == 3


def test_a_voice_in_pcm_is_sent_as_it_is_made() -> None:
    encoder = Encoder(Pcm())
    assert encoder.push(TONE) + encoder.flush() == TONE.astype("<i2").tobytes()


@pytest.mark.parametrize(("form", "back"), [(Ulaw(), ulaw_decode), (Alaw(), alaw_decode)])
@pytest.mark.parametrize("chunk", [1, 7, 160, 479, 24_000])
def test_a_voice_for_the_telephone_is_the_same_in_chunks_of_any_size(form: Format, back, chunk: int) -> None:
    encoder, whole = Encoder(form), Encoder(form)
    said = b"".join(encoder.push(TONE[at : at + chunk]) for at in range(0, 2_400 if chunk == 1 else TONE.size, chunk))
    size = 2_400 if chunk == 1 else TONE.size
    said += encoder.flush()
    assert abs(len(said) - size // 3) <= 1
    expected = whole.push(TONE[:size]) + whole.flush()
    assert np.abs(back(said).astype(int) - back(expected).astype(int)).max() <= 512


def test_the_buffer_counts_what_nobody_has_committed() -> None:
    buffer = InputBuffer()
    buffer.append(bytes(48 * 150))
    assert (buffer.pending_ms, buffer.end_ms) == (150, 150)
    assert len(buffer.take(0, 100)) == 4_800
    assert buffer.pending_ms == 50
    buffer.clear()
    assert buffer.pending_ms == 0
    assert buffer.end_ms == 150


def test_a_turn_takes_its_own_audio_and_what_comes_after_it_stays() -> None:
    buffer = InputBuffer(Ulaw())
    for value in range(4):
        buffer.append(bytes([value]) * 800)
    assert set(buffer.take(100, 200)) == {1}
    assert set(buffer.take(200, 9_999)) == {2, 3}
    assert buffer.take(0, 9_999) == b""


def test_the_buffer_keeps_the_last_two_minutes_only() -> None:
    buffer = InputBuffer(Alaw())
    buffer.append(bytes(8 * (KEPT_MS + 5_000)))
    assert len(buffer.take(0, buffer.end_ms)) == 8 * KEPT_MS


def test_times_go_on_when_the_format_changes_and_old_bytes_do_not() -> None:
    buffer = InputBuffer()
    buffer.append(bytes(4_800))
    buffer.change(Ulaw())
    buffer.append(b"\x07" * 80)
    assert buffer.end_ms == 110
    assert buffer.take(0, 110) == b"\x07" * 80
