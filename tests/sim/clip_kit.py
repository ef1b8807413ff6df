"""Small clips for tests: words of 300 ms, windows that hear them perfectly."""

from __future__ import annotations

from vivavoce.sim.clips import QUIET_UNIT, WINDOW, Clip

LEAD_MS, TAIL_MS, WORD_MS = 200, 1_000, 300


def clip(kind: str, text: str = "", pause_ms: int = 0, voice: str = "v", asked: str = "", ms: int = 300) -> Clip:
    """`text` may hold one `|`, at which the caller pauses."""
    parts = text.split("|") if text else [""]
    at, spans, words = LEAD_MS, [], []
    for part in parts:
        begun = at
        for word in part.split():
            words.append((word, at, at + WORD_MS))
            at += WORD_MS
        at = at if text else at + ms
        spans.append((begun, at))
        at += pause_ms
    end = spans[-1][1]
    p, quiet = bytearray(), bytearray()
    for n in range((end + TAIL_MS) * 16 // WINDOW):
        a, b = n * WINDOW, (n + 1) * WINDOW
        last = max((min(y * 16, b) for x, y in spans if x * 16 < b and y * 16 > a), default=a)
        p.append(240 if last > a else 5)
        quiet.append((b - last) // QUIET_UNIT)
    return Clip(
        id=f"{kind}:{text}", kind=kind, voice=voice, condition="clean", spans=spans, words=words, p=bytes(p),
        quiet=bytes(quiet), asked=asked,
    )  # fmt: skip


CLIPS = (
    clip("turn", "what is the price of this"),
    clip("turn", "i would like to go to the | station", 700),
    clip("turn", "tell me about the old lighthouse"),
    clip("turn", "yes it is", asked="yes_no"),
    clip("turn", "five five | six seven", 600, asked="number"),
    clip("turn", "the blue one", asked="choice"),
    clip("turn", "to the harbour", asked="open"),
    clip("turn", "paul meyer", asked="name"),
    clip("interruption", "no that is the wrong city"),
    clip("backchannel", "uh huh"),
    clip("tic"),
    clip("aside", "put it on the table"),
    clip("noise", ms=900),
)
