"""The page of plots."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from vivavoce.app.score import page
from vivavoce.sim.people import Truth
from vivavoce.sim.score.curve import Curve, Point, plain
from vivavoce.sim.trial import Trial


def trial() -> Trial:
    found = Trial(curve=Curve.of([Point(1, 0.1, 400), Point(2, 0.02, 900)]), plain=plain([300, 900]))
    found.score.answers.gaps = [180, 220, 2_500]
    found.score.answers.turns = 4
    found.score.overlaps.interruptions, found.score.overlaps.yielded = 10, 9
    found.score.overlaps.met[Truth.BACKCHANNEL] = found.score.overlaps.kept[Truth.BACKCHANNEL] = 5
    found.score.services.answered = 2
    found.score.services.hops.update({"vad_off": 200, "-llm_request": 60})
    return found


def test_every_drawing_is_well_formed_and_says_what_it_shows() -> None:
    html = page.render([("browser", trial()), ("mine <b>", trial())])
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    labels = [ElementTree.fromstring(drawing).attrib["aria-label"] for drawing in drawings]
    assert labels == ["Histogram of gaps", "Endpointing", "Overlaps", "Overlaps", "Waterfall", "Waterfall"]
    assert "mine &lt;b&gt;" in html
    assert "90.0 % of 10" in html
    assert "prefers-color-scheme: dark" in html


def test_a_page_without_occasions_says_so() -> None:
    html = page.render([("browser", Trial())])
    assert "Nobody spoke over the agent." in html
    assert "No pauses inside turns." in html
