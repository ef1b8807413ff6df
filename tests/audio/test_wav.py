import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio import g711, wav
from vivavoce.audio.pcm import AudioError

RAMP = np.array([0, 1, -1, 1000, -1000, 32767, -32768], dtype=np.int16)
PCM_GUID = bytes.fromhex("000000001000800000aa00389b71")


def chunk(name, body, size=None, pad=True):
    size = len(body) if size is None else size
    return name + struct.pack("<I", size) + body + (b"\0" if pad and len(body) % 2 else b"")


def fmt(tag=1, channels=1, rate=16_000, bits=16, align=None, extra=b""):
    align = channels * -(-bits // 8) if align is None else align
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits) + extra)


def riff(*chunks, magic=b"RIFF", size=None):
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<I", len(body) if size is None else size) + body


def mono(data):
    samples, _ = wav.read_wav(data)
    assert samples.shape[1] == 1
    return samples[:, 0]


# -- what is read ------------------------------------------------------------------------------------------------------


def test_16_bit():
    samples, rate = wav.read_wav(riff(fmt(rate=44_100), chunk(b"data", RAMP.tobytes())))
    assert rate == 44_100
    assert samples.dtype == np.int16
    assert samples[:, 0].tolist() == RAMP.tolist()


def test_8_bit_is_unsigned():
    assert mono(riff(fmt(bits=8), chunk(b"data", bytes([0, 127, 128, 255])))).tolist() == [-32768, -256, 0, 32512]


@pytest.mark.parametrize("bits", [24, 32])
def test_wide_pcm(bits):
    values = np.array([0, 1, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1))])
    body = b"".join(int(v).to_bytes(bits // 8, "little", signed=True) for v in values)
    samples = mono(riff(fmt(bits=bits), chunk(b"data", body)))
    assert samples.dtype == np.float32
    assert samples == pytest.approx(values / 2.0 ** (bits - 1), abs=1e-7)


def test_fewer_bits_in_a_wider_container():
    body = struct.pack("<2i", 1 << 30, -(1 << 31))
    assert mono(riff(fmt(bits=24, align=4), chunk(b"data", body))).tolist() == [0.5, -1.0]
    assert mono(riff(fmt(bits=12), chunk(b"data", struct.pack("<h", 1 << 14)))).tolist() == [1 << 14]


@pytest.mark.parametrize(("bits", "code"), [(32, "f"), (64, "d")])
def test_floats(bits, code):
    body = struct.pack(f"<5{code}", 0.0, 0.25, -1.5, float("nan"), float("inf"))
    assert mono(riff(fmt(3, bits=bits), chunk(b"data", body))).tolist() == [0.0, 0.25, -1.5, 0.0, 1.0]


def test_g711():
    assert np.array_equal(
        mono(riff(fmt(7, rate=8000, bits=8), chunk(b"data", bytes(256)))), g711.ulaw_decode(bytes(256))
    )
    assert mono(riff(fmt(6, rate=8000, bits=8), chunk(b"data", b"\xd5\x2a"))).tolist() == [8, -32256]


@pytest.mark.parametrize(
    ("tag", "bits", "body"), [(1, 16, b"\x00\x40"), (3, 32, struct.pack("<f", 0.5)), (7, 8, b"\x8f")]
)
def test_extensible(tag, bits, body):
    extra = struct.pack("<HHI", 22, bits, 4) + struct.pack("<H", tag) + PCM_GUID
    plain = mono(riff(fmt(tag, bits=bits), chunk(b"data", body)))
    assert mono(riff(fmt(0xFFFE, bits=bits, extra=extra), chunk(b"data", body))).tolist() == plain.tolist()


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 17])
def test_any_number_of_channels(channels):
    frames = np.arange(5 * channels, dtype=np.int16).reshape(5, channels)
    samples, _ = wav.read_wav(riff(fmt(channels=channels), chunk(b"data", frames.tobytes())))
    assert np.array_equal(samples, frames)


def test_other_chunks_are_stepped_over_wherever_they_are():
    data, junk = chunk(b"data", RAMP.tobytes()), chunk(b"JUNK", b"abc")
    for order in ([junk, fmt(), junk, data, junk], [data, junk, fmt()], [fmt(), data, chunk(b"LIST", b"x")]):
        assert mono(riff(*order)).tolist() == RAMP.tolist()


def test_a_forgotten_pad_byte_is_forgiven():
    odd = chunk(b"LIST", b"abc", pad=False)
    assert mono(riff(odd, fmt(), chunk(b"data", RAMP.tobytes()))).tolist() == RAMP.tolist()


@pytest.mark.parametrize(
    ("data_size", "riff_size"),
    [(0xFFFFFFFF, 0xFFFFFFFF), (10**6, None), (0, 0), (0, 0xFFFFFFFF), (0, 36)],
    ids=["streamed", "cut off", "zeros", "half zeros", "header of nothing"],
)
def test_a_size_never_filled_in_means_to_the_end(data_size, riff_size):
    data = riff(fmt(), chunk(b"data", RAMP.tobytes() + b"\x01", size=data_size), size=riff_size)
    assert mono(data)[: RAMP.size].tolist() == RAMP.tolist()


def test_the_size_is_believed_when_it_makes_sense():
    assert mono(riff(fmt(), chunk(b"data", RAMP.tobytes()[:4]), chunk(b"LIST", b"after"))).tolist() == [0, 1]


def test_rf64_has_its_size_elsewhere():
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, 4, 2, 0))
    body = chunk(b"data", struct.pack("<2h", 5, 6), size=0xFFFFFFFF) + chunk(b"LIST", b"tail")
    assert mono(riff(ds64, fmt(), body, magic=b"RF64")).tolist() == [5, 6]


def test_half_a_frame_at_the_end_is_left_out():
    body = np.arange(5, dtype=np.int16).tobytes() + b"\x07"
    assert wav.read_wav(riff(fmt(channels=2), chunk(b"data", body)))[0].tolist() == [[0, 1], [2, 3]]


# -- what is refused ---------------------------------------------------------------------------------------------------

GOOD = riff(fmt(), chunk(b"data", RAMP.tobytes()))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"hello, this is text", "no WAV file; convert it"),
        (b"ID3\x04rest of it", "an MP3 file; convert it"),
        (b"OggS" + bytes(40), "an Ogg file; convert it"),
        (GOOD[:7], "cut off in its first 12 bytes"),
        (GOOD[:20], "no format chunk|format chunk of"),
        (GOOD[:30], "format chunk of 10 bytes"),
        (GOOD[:38], "no data chunk"),
        (GOOD[:44], "holds no samples"),
        (riff(fmt(), chunk(b"data", b"")), "holds no samples"),
        (riff(fmt(rate=3999), chunk(b"data", b"ab")), "claims 3999 samples per second"),
        (riff(fmt(rate=384_001), chunk(b"data", b"ab")), "claims 384001 samples per second"),
        (riff(fmt(channels=0), chunk(b"data", b"ab")), "claims 0 channels"),
        (riff(fmt(tag=2, bits=4), chunk(b"data", b"ab")), "coded as format 2 with 4 bits"),
        (riff(fmt(bits=0), chunk(b"data", b"ab")), "format 1 with 0 bits"),
        (riff(fmt(bits=40), chunk(b"data", bytes(10))), "format 1 with 40 bits"),
        (riff(fmt(tag=3, bits=16), chunk(b"data", b"ab")), "format 3 with 16 bits"),
    ],
)
def test_refusals_name_cause_and_cure_in_one_line(data, message):
    with pytest.raises(AudioError, match=message) as caught:
        wav.read_wav(data)
    assert "\n" not in str(caught.value)
    assert ";" in str(caught.value)


@settings(max_examples=300)
@given(st.integers(0, len(GOOD)), st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=4))
def test_damage_is_refused_or_read_but_never_crashes(length, changes):
    data = bytearray(GOOD)
    for at, value in changes:
        data[at] = value
    try:
        samples, rate = wav.read_wav(bytes(data[:length]))
    except AudioError:
        return
    assert samples.size
    assert 4_000 <= rate <= 384_000


# -- what is written ---------------------------------------------------------------------------------------------------


def test_written_files_are_read_by_the_standard_library():
    left, right = RAMP, RAMP[::-1].copy()
    data = wav.write_wav([left, right], 24_000)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth(), file.getnframes()) == (2, 24_000, 2, 7)
    samples, rate = wav.read_wav(data)
    assert rate == 24_000
    assert np.array_equal(samples, np.stack([left, right], axis=1))


def test_one_track():
    assert mono(wav.write_wav(RAMP, 16_000)).tolist() == RAMP.tolist()


@pytest.mark.parametrize("tracks", [[], [RAMP, RAMP[:3]]])
def test_uneven_tracks_are_refused(tracks):
    with pytest.raises(AudioError, match="all of one length"):
        wav.write_wav(tracks, 16_000)


def test_a_recording_is_readable_before_and_after_its_header_is_patched():
    open_ended = wav.wav_header(24_000, 2, None)
    assert len(open_ended) == wav.HEADER_SIZE
    body = np.arange(8, dtype=np.int16).tobytes()
    first, _ = wav.read_wav(open_ended + body)
    patched = wav.wav_header(24_000, 2, 4) + body
    second, _ = wav.read_wav(patched)
    assert np.array_equal(first, second)
    assert patched == wav.write_wav([np.arange(0, 8, 2, dtype=np.int16), np.arange(1, 8, 2, dtype=np.int16)], 24_000)


def test_more_than_a_header_can_say_is_open_ended():
    assert wav.wav_header(48_000, 2, 1 << 31) == wav.wav_header(48_000, 2, None)


def test_load_mono_decodes_mixes_and_resamples():
    t = np.arange(44_100) / 44_100
    tone = (8000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
    loaded = wav.load_mono(wav.write_wav([tone, tone], 44_100), 16_000)
    wanted = 8000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert loaded.dtype == np.int16
    assert loaded.size == 16_000
    assert np.max(np.abs(loaded[100:-100] - wanted[100:-100])) < 3
