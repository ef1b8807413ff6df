"""Which offers are refused is in test_peers.py, with what is said; here is what is read."""

from __future__ import annotations

import pytest

from vivavoce.transports.webrtc import offer as offers
from vivavoce.transports.webrtc.peer import BadOffer

SDP = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 11:22
a=group:BUNDLE 0 1 2
m=video 0 UDP/TLS/RTP/SAVPF 96
a=rtpmap:96 VP8/90000
m=audio 0 UDP/TLS/RTP/SAVPF 8 111 63 x
a=bundle-only
a=rtpmap:111 OPUS/48000/2
a=rtpmap:63 red/48000/2
a=candidate:1 1 udp 1 192.0.2.1 5000 typ host
a=end-of-candidates
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
"""


def test_what_is_in_an_offer():
    video, audio, data = offers.read(SDP)
    assert (video.kind, video.rejected) == ("video", True)
    assert (audio.kind, audio.rejected) == ("audio", False)
    assert audio.codecs == {8: "pcma", 111: "opus", 63: "red"}
    assert data.kind == "application"
    offers.check(SDP)


MAPS = {110: "48000", 101: "8000", 102: "8000/1", 103: "x", 104: "9" * 5_000}


@pytest.mark.parametrize(
    ("codecs", "events", "taken"),
    [
        ((111, 0), (101, 110), (110, 48_000)),
        ((0, 8), (110, 101), (101, 8_000)),
        # Of the wrong rate is better than none.
        ((111,), (102,), (102, 8_000)),
        ((111,), (103, 104), None),
        ((111,), (), None),
    ],
)
def test_which_key_presses_are_taken(codecs, events, taken):
    numbers = " ".join(map(str, (*codecs, *events)))
    offer = SDP.replace("m=audio 0 UDP/TLS/RTP/SAVPF 8 111 63 x", f"m=audio 0 UDP/TLS/RTP/SAVPF {numbers}")
    maps = "".join(f"a=rtpmap:{number} telephone-event/{MAPS[number]}\n" for number in events)
    assert offers.keys(offer.replace("a=rtpmap:63", f"{maps}a=rtpmap:63")) == taken


def test_what_was_agreed_on():
    assert offers.chosen(SDP) == {8: "pcma", 111: "opus"}


def test_more_candidates_are_always_expected():
    found = offers.without_end_of_candidates(SDP)
    assert "end-of-candidates" not in found
    assert "a=candidate:1" in found
    assert found.endswith("webrtc-datachannel\r\n")


def test_a_sentence_for_the_user():
    with pytest.raises(BadOffer, match=r"no codec that we speak \(it has: g722\); offer Opus, PCMU or PCMA"):
        offers.check(
            SDP.replace("8 111 63 x", "9").replace("111 OPUS/48000/2", "9 G722/8000").replace("a=rtpmap:63", "a=other")
        )
