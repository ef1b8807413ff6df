"""The page's Duet view: with the embedded engines over WebRTC, and its state from messages alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.browser.person import OPTIONS, Witness
from tests.browser.test_page import until
from tests.clients.process import serving

MESSAGES = Path(__file__).with_name("duet_messages.js")
TOPIC = "Cats and boxes."
MOST_GAP_MS = 20
NOBODY = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('No.', 'NotAllowedError'))"
# How many pixels of the time line have the colour of each voice.
PAINTED = """() => {
  const canvas = document.querySelector(".timeline canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return ["a", "b"].map((lane) => {
    const wanted = getComputedStyle(document.querySelector(`.seat.${lane}`)).color.match(/\\d+/g).map(Number);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) found += wanted.every((value, n) => data[i + n] === value) ? 1 : 0;
    return found;
  });
}"""


@pytest.fixture(scope="module")
def server():
    with serving(*OPTIONS) as served:
        yield served.url


def duet(page, topic=TOPIC, turns=4):
    page.get_by_role("button", name="Duet", exact=True).click()
    page.get_by_label("What they talk about").fill(topic)
    page.get_by_label("Answers in all").fill(str(turns))


def begin(page):
    page.get_by_role("button", name="Start the two").click()


@pytest.mark.offline
@pytest.mark.slow
@pytest.mark.usefixtures("webrtc")
def test_two_talk_are_steered_and_one_is_swapped(meet, server):
    page = meet(server, own=True)
    duet(page, topic="")
    begin(page)
    page.get_by_role("alert").get_by_text("The topic is empty; fix: write").wait_for()
    page.get_by_label("What they talk about").fill(TOPIC)
    page.get_by_label("Answers", exact=True).select_option("optimist")
    begin(page)
    # What the server finds stands at the form too, and the call is not left open.
    page.get_by_role("alert").get_by_text("both personas are called Olive").wait_for()
    page.get_by_text("Not connected").wait_for()
    page.get_by_label("Answers", exact=True).select_option("skeptic")
    begin(page)
    first = page.locator(".turn.agent.a").first
    first.locator(".now").wait_for()
    first.get_by_text("Olive").wait_for()
    page.get_by_text("ready, waits for its turn").wait_for()

    page.get_by_label("Tell both").fill("Think of the goldfish.")
    page.keyboard.press("Enter")
    page.locator(".told-both", has_text="goldfish").wait_for()
    page.locator(".turn.agent.b.waiting", has_text="goldfish").wait_for()

    page.get_by_text("Give the seat of Magnus to another").click()
    page.get_by_label("Instead of Magnus: name").fill("Olive")
    page.get_by_role("button", name="Swap").last.click()
    page.locator("#b-told", has_text="both personas are called Olive").wait_for()
    page.get_by_label("Instead of Magnus: name").fill("Zoe")
    page.get_by_role("button", name="Swap").last.click()
    page.get_by_text("Zoe takes a seat.").wait_for()
    page.locator(".seat.b", has_text="Zoe").wait_for()
    page.get_by_label("Answers in all").fill("3")
    page.get_by_role("button", name="Set").click()

    second = page.locator(".turn.agent.b", has_text="goldfish")
    second.locator(".now").wait_for()
    second.get_by_text("Zoe").wait_for()
    page.get_by_text("Zoe speaks").wait_for()
    page.wait_for_timeout(500)
    assert min(page.evaluate(PAINTED)) > 20

    page.get_by_role("button", name="Start again").wait_for()
    told = page.locator(".labels[aria-label=Turns] li > .sr").all_inner_texts()
    assert [line.split(",")[1].strip() for line in told] == ["Olive", "Zoe", "Olive"]
    printed = page.locator(".gap").all_inner_texts()
    assert len(printed) == 2
    for text in printed:
        assert abs(int(text.replace("−", "-").removesuffix(" ms"))) <= MOST_GAP_MS, printed
    assert page.locator(".turn.agent .tag", has_text="gap").count() == 2
    assert page.get_by_role("alert").count() == 0
    page.get_by_role("region", name="Costs").get_by_text("Zoe").wait_for()
    page.get_by_text("3 answers in 0:").wait_for()


@pytest.mark.offline
@pytest.mark.slow
@pytest.mark.usefixtures("webrtc")
def test_a_person_cuts_in_by_voice_is_answered_and_ends_it(meet, server):
    page = meet(server, own=True)
    witness = Witness(page)
    duet(page, "Cats and boxes. " + "Cats love every kind of box, and boxes love every kind of cat. " * 3)
    begin(page)
    page.locator(".turn.agent.a .now").wait_for()
    page.wait_for_timeout(1000)
    witness.say("conf-onlyperson")
    page.locator(".you").first.wait_for()
    page.locator(".turn.agent.a", has_text="interrupted").wait_for()
    page.locator(".turn.user .words:not(.partial)").wait_for()
    # The other one answers, and the cut is marked on the time line.
    page.locator(".turn.agent.b .now").wait_for()
    page.locator(".cutoff.a").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("Not connected").wait_for()
    page.get_by_role("button", name="Change it first").click()
    assert page.get_by_label("What they talk about").input_value().startswith("Cats and boxes.")


@pytest.mark.offline
@pytest.mark.slow
@pytest.mark.usefixtures("webrtc")
def test_who_gives_no_microphone_listens(meet, server):
    page = meet(server, before=NOBODY)
    duet(page)
    begin(page)
    page.locator(".turn.agent.a .now").wait_for()
    page.get_by_text("The microphone was refused: you listen.").wait_for()
    assert page.get_by_role("alert").count() == 0
    assert page.get_by_role("button", name="Mute").count() == 0
    page.get_by_role("button", name="Stop", exact=True).click()


def test_what_the_messages_tell(visit):
    page = visit(MESSAGES.read_text())
    told = page.evaluate("duets.told()")
    assert told["asked"] == "asked"
    # The message that was least late came after 4000 ms of the page's clock; the duet began at 1000 ms of the call.
    assert (told["state"], told["head"], told["after"]) == ("over", 3200, 3000)
    assert told["notes"] == {
        "begin": {"state": "applied", "text": "taken up"},
        "a": {"state": "refused", "text": "no"},
        "say": {"state": "applied", "text": "taken up"},
    }
    assert told["sum"] == {"turns": 3, "cut": 1, "median": 360, "longest": 360}
    assert told["person"] == [{"from": 1900, "to": 2400}]
    assert told["peaks"] == [0.5, 0, 0]
    # Who gave the seat away keeps the lane.
    assert told["turns"] == [["a", 100, 1000, None], ["b", 1360, 2000, "llm_first_token"], ["a", 1990, 3000, None]]


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_and_late_gaps_are_explained(visit, width):
    page = visit(MESSAGES.read_text(), viewport={"width": width, "height": 740})
    page.evaluate("fake.script = false")
    if width < 900:
        page.get_by_role("tab", name="Duet").click()
        page.get_by_label("What they talk about").wait_for()
    else:
        page.get_by_role("button", name="Duet", exact=True).click()
    fits(page, width)
    begin(page)
    until(page, "fake.got.length")
    sent = page.evaluate("fake.got[0]")
    assert (sent["type"], sent["a"], sent["b"], sent["gap_ms"]) == ("vivavoce.duet.begin", "optimist", "skeptic", 0)
    page.evaluate("duets.play()")
    until(page, "document.querySelectorAll('.gap').length === 5")
    assert page.locator(".gap").all_inner_texts() == ["−100 ms", "300 ms", "700 ms", "1100 ms", "1500 ms"]
    page.get_by_text("gap 300 ms, slowest: first words of the answer 350 ms").wait_for()
    fits(page, width)
    # Scrolled back, it stays there; then it follows the newest again.
    until(page, "document.querySelector('.timeline .scroll').scrollLeft > 120")
    page.locator(".timeline .scroll").evaluate("(box) => { box.scrollLeft = 0; }")
    page.get_by_role("button", name="Newest").click()
    if width < 900:
        page.get_by_text("Costs and changes").click()
    costs = page.get_by_role("region", name="Costs")
    assert "not priced" in costs.inner_text()
    assert "512 tokens in, 90 tokens out" in costs.inner_text()
    page.get_by_text("Give the seat of Olive to another").click()
    fits(page, width)
    page.evaluate("fake.unplug()")
    page.get_by_text("6 answers, median gap 700 ms").wait_for()


def fits(page, width):
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "[...document.querySelectorAll('.talk, .side, .panel, .dock, .transcript, .within, .duet-before')]"
    assert page.evaluate(f"{wide}.filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1).length") == 0
    unnamed = (
        "[...document.querySelectorAll('button, input, select, textarea')].filter((e) => !e.textContent.trim() && "
        "!e.labels?.length && !e.ariaLabel).map((e) => e.outerHTML)"
    )
    assert page.evaluate(unnamed) == []
