import warnings

import numpy as np
import pytest

from vivavoce.audio import g711

EVERY = np.arange(-32768, 32768).astype(np.int16)
BYTES = bytes(range(256))


def audioop():
    """The standard library's codec, where it still exists."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pytest.importorskip("audioop")


def test_equal_to_the_standard_library_for_every_sample_and_byte():
    reference = audioop()
    assert g711.ulaw_encode(EVERY) == reference.lin2ulaw(EVERY.tobytes(), 2)
    assert g711.alaw_encode(EVERY) == reference.lin2alaw(EVERY.tobytes(), 2)
    assert g711.ulaw_decode(BYTES).tobytes() == reference.ulaw2lin(BYTES, 2)
    assert g711.alaw_decode(BYTES).tobytes() == reference.alaw2lin(BYTES, 2)


def test_known_vectors():
    # ITU-T G.711: decision values and code words of tables 1a to 2b, on the 16-bit scale.
    assert g711.ulaw_decode(b"\x00\x80\x7f\xff\x0f\x8f").tolist() == [-32124, 32124, 0, 0, -16764, 16764]
    assert g711.alaw_decode(b"\x2a\xaa\x55\xd5").tolist() == [-32256, 32256, -8, 8]
    assert g711.ulaw_encode(np.array([0, 32767, -32768], dtype=np.int16)) == b"\xff\x80\x00"
    assert g711.alaw_encode(np.array([0, 32767, -32768], dtype=np.int16)) == b"\xd5\xaa\x2a"


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_decoded_codes_encode_to_themselves(law):
    encode, decode = getattr(g711, f"{law}_encode"), getattr(g711, f"{law}_decode")
    again = encode(decode(BYTES))
    # mu-law has two zeros, of which the encoder uses one.
    assert [b for b in BYTES if again[b] != b] == ([0x7F] if law == "ulaw" else [])


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_error_stays_within_half_a_step(law):
    encode, decode = getattr(g711, f"{law}_encode"), getattr(g711, f"{law}_decode")
    error = np.abs(decode(encode(EVERY)).astype(int) - EVERY)
    # Both codes first drop the lowest bits of 16.
    assert np.all(error <= np.maximum(16, np.abs(EVERY.astype(int)) / 31 + 8))


def test_silence_bytes():
    assert g711.ulaw_encode(np.zeros(1, dtype=np.int16))[0] == g711.ULAW_SILENCE
    assert g711.alaw_encode(np.zeros(1, dtype=np.int16))[0] == g711.ALAW_SILENCE


def test_nothing_is_nothing():
    assert g711.ulaw_encode(np.zeros(0, dtype=np.int16)) == b""
    assert g711.alaw_decode(b"").size == 0
