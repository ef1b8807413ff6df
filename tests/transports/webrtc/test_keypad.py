import numpy as np

from vivavoce.audio.dtmf import Keys
from vivavoce.transports.webrtc.keypad import Keypad

RATE, FRAME = 48_000, 960


def event(number, duration, end=False):
    return bytes((number, 0x80 * end | 10)) + duration.to_bytes(2, "big")


def sent(keypad, number, start, ms=100, ends=3):
    """A key as libwebrtc sends it: a packet every 20 ms, and its end three times."""
    for at in range(20, ms, 20):
        keypad.push(start, event(number, at * 48))
    for _ in range(ends):
        keypad.push(start, event(number, ms * 48, end=True))


def heard(keypad, rate=RATE):
    """The keys in all that sounds from now on."""
    keys, digits = Keys(rate), ""
    for _ in range(60):
        sound = keypad.sound(rate // 50, rate)
        digits += "".join(key.digit for key in keys.push(np.zeros(rate // 50, np.int16) if sound is None else sound))
    return digits


def test_every_key_is_heard_once_at_every_rate():
    for rate in (8_000, 48_000):
        keypad, digits = Keypad(), ""
        for number in range(16):
            sent(keypad, number, 960 * 10 * number)
            if number % 8 == 7:
                digits += heard(keypad, rate)
        assert digits == "0123456789*#ABCD"


def test_the_same_key_twice_in_a_hurry():
    keypad = Keypad()
    for number in range(3):
        sent(keypad, 5, number * 70 * 48, ms=40)
    assert heard(keypad) == "555"


def test_nothing_sounds_without_a_key():
    keypad = Keypad()
    assert keypad.sound(FRAME, RATE) is None
    sent(keypad, 5, 0)
    assert heard(keypad) == "5"
    assert keypad.sound(FRAME, RATE) is None


def test_packets_that_are_lost_or_late():
    keypad = Keypad()
    keypad.push(0xFFFFFF00, event(1, 960))
    # Only the end of the next one came; then more of the first. Timestamps begin anew after 32 bits.
    keypad.push(0x1000, event(2, 4_800, end=True))
    keypad.push(0xFFFFFF00, event(1, 4_800, end=True))
    assert heard(keypad) == "12"


def test_a_key_that_is_held_for_long_is_one():
    keypad = Keypad()
    for start in (0, 0xFFFF, 2 * 0xFFFF):
        for duration in range(960, 0xFFFF, 960):
            keypad.push(start, event(11, duration))
    keypad.push(2 * 0xFFFF, event(11, 0xFFFF, end=True))
    sent(keypad, 11, 4 * 0xFFFF)
    assert heard(keypad) == "##"


def test_other_events_and_broken_packets():
    keypad = Keypad()
    for payload in (b"", b"\x01\x0a", event(16, 800), event(255, 800)):
        keypad.push(len(payload), payload)
    assert heard(keypad) == ""


def test_a_flood_of_keys_is_bounded():
    keypad = Keypad()
    for number in range(1_000):
        sent(keypad, 1, number * 4_800)
    sounding = 0
    while keypad.sound(FRAME, RATE) is not None:
        sounding += 3
        assert keypad.sound(FRAME, RATE) is not None
        assert keypad.sound(FRAME, RATE) is not None
        assert keypad.sound(FRAME, RATE) is None
        assert keypad.sound(FRAME, RATE) is None
    assert sounding == 16 * 3
