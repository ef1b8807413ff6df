"""Reading an offer before a library does: what cannot be answered is refused in one clear sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from .peer import BadOffer

CODECS = ("opus", "pcmu", "pcma")
"""What we speak, the best first."""
KEYS = "telephone-event"
"""Not a codec: packets that say which key is pressed (RFC 4733)."""
Codec = TypeVar("Codec")
_STATIC = {"0": ("pcmu", 8_000), "8": ("pcma", 8_000)}
"""Payload types that need no description."""
_LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class Section:
    """One media section."""

    kind: str
    """audio, video, application"""
    rejected: bool
    payloads: tuple[str, ...]
    lines: tuple[str, ...]
    """Its attributes, without the leading `a=`."""

    @property
    def codecs(self) -> dict[int, str]:
        """Names in lower case by payload type, the preferred one first."""
        return {number: name for number, (name, _) in self.formats.items()}

    @property
    def formats(self) -> dict[int, tuple[str, int]]:
        """The same, with the rate of their timestamps; 0 for an unreadable one."""
        named = dict(_STATIC)
        for line in self.lines:
            if line.startswith("rtpmap:"):
                number, _, text = line[7:].partition(" ")
                name, _, rate = text.strip().partition("/")
                rate = rate.partition("/")[0]
                named[number] = (name.strip().lower(), int(rate) if rate.isdecimal() and len(rate) < 7 else 0)
        return {int(number): named[number] for number in self.payloads if number in named and number.isdigit()}


@dataclass(slots=True)
class _Draft:
    media: str
    lines: list[str] = field(default_factory=list)


def ours(known: Iterable[Codec], mime: Callable[[Codec], str]) -> list[Codec]:
    """The codecs of a library that we speak, the best first; `mime` is the name of one, as audio/opus."""
    rank = {f"audio/{name}": n for n, name in enumerate(CODECS)}
    return sorted((one for one in known if mime(one).lower() in rank), key=lambda one: rank[mime(one).lower()])


def keys(offer: str) -> tuple[int, int] | None:
    """Payload type and rate of the key presses that we take; None when the offer has none.

    They should have the rate of the audio: at another, libwebrtc sends them too short, and short keys may be missed.
    """
    audio = next(section for section in read(offer) if section.kind == "audio" and not section.rejected)
    wanted = 48_000 if "opus" in audio.codecs.values() else 8_000
    found = {rate: number for number, (name, rate) in audio.formats.items() if name == KEYS and rate}
    rate = wanted if wanted in found else next(iter(found), None)
    return None if rate is None else (found[rate], rate)


def check(offer: str) -> None:
    """Raises `BadOffer` for an offer that we cannot answer with audio."""
    sections = read(offer)
    audio = [section for section in sections if section.kind == "audio"]
    if not audio:
        kinds = ", ".join(sorted({section.kind for section in sections}))
        raise BadOffer(f"the offer has no audio (only: {kinds}); add a microphone track, or receive audio")
    live = [section for section in audio if not section.rejected]
    if not live:
        raise BadOffer("the offer's audio is switched off (port 0)")
    if not any(set(section.codecs.values()) & set(CODECS) for section in live):
        names = ", ".join(sorted({name for section in live for name in section.codecs.values()})) or "none"
        raise BadOffer(f"the offer has no codec that we speak (it has: {names}); offer Opus, PCMU or PCMA")


def read(offer: str) -> list[Section]:
    """The media sections of a session description, with what an offer over WebRTC needs. Raises `BadOffer`."""
    if len(offer) > _LONGEST:
        raise BadOffer(f"the offer is longer than {_LONGEST} characters")
    lines = offer.replace("\r\n", "\n").strip("\n").split("\n")
    if lines[0].strip() != "v=0":
        raise BadOffer("the offer is no SDP: its first line is not v=0")
    common: list[str] = []
    drafts: list[_Draft] = []
    for line in lines:
        kind, equals, value = line.partition("=")
        if not equals or len(kind) != 1:
            raise BadOffer(f"the offer is no SDP: {line[:60]!r} is not of the form x=...")
        if kind == "m":
            drafts.append(_Draft(value))
        elif kind == "a":
            (drafts[-1].lines if drafts else common).append(value)
    if not drafts:
        raise BadOffer("the offer has no media")
    for draft in drafts:
        _require(draft, common)
    return [_section(draft) for draft in drafts]


def _section(draft: _Draft) -> Section:
    words = draft.media.split()
    if len(words) < 4 or not words[1].isdigit():
        raise BadOffer(f"the offer is no SDP: m={draft.media[:60]} is not complete")
    # A bundled section may have port 0 too; it says so.
    rejected = words[1] == "0" and "bundle-only" not in draft.lines
    return Section(words[0], rejected, tuple(words[3:]), tuple(draft.lines))


def _require(draft: _Draft, common: list[str]) -> None:
    if draft.media.split()[1:2] == ["0"]:
        return
    for name, meaning in (("ice-ufrag", "ICE"), ("ice-pwd", "ICE"), ("fingerprint", "DTLS")):
        if not any(line.startswith(f"{name}:") for line in (*draft.lines, *common)):
            raise BadOffer(f"the offer has no a={name} ({meaning}): it is not for WebRTC")


def chosen(answer: str) -> dict[int, str]:
    """The codecs of the audio in an answer of ours, by payload type, the one that we send first."""
    audio = next(section for section in read(answer) if section.kind == "audio" and not section.rejected)
    return {number: name for number, name in audio.codecs.items() if name in CODECS}


def without_end_of_candidates(sdp: str) -> str:
    """More candidates may show themselves: a peer that says it has none, has them all the same when it calls."""
    return "\r\n".join(line for line in sdp.splitlines() if line.strip() != "a=end-of-candidates") + "\r\n"
