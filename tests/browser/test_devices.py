"""Microphones and loudspeakers of the page: chosen, changed, pulled out, put back. Chromium has three of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.browser.test_page import start, until

PLUGS = Path(__file__).with_name("plugs.js").read_text()
MICS = ["Fake Default Audio Input", "Fake Audio Input 1", "Fake Audio Input 2"]
OUTPUTS = ["Fake Default Audio Output", "Fake Audio Output 1", "Fake Audio Output 2"]
SENT = "fake.page.getSenders().find((sender) => sender.track?.kind === 'audio').track"
ENERGY = (
    "async () => [...(await fake.peer.getStats()).values()].find("
    "(report) => report.type === 'inbound-rtp' && report.kind === 'audio')?.totalAudioEnergy ?? 0"
)


@pytest.fixture(scope="module")
def chromium(launch):
    """A browser with three microphones that beep, and three loudspeakers."""
    browser = launch("--use-fake-device-for-media-stream=device-count=3")
    yield browser
    browser.close()


@pytest.fixture
def page(visit):
    return visit(PLUGS)


def menu(page, label):
    """The choice of one kind, with the menu open."""
    if not page.get_by_label(label).is_visible():
        page.locator(".devices summary").click()
    return page.get_by_label(label)


def choose(page, label, name):
    menu(page, label).select_option(label=name)


def chosen(page, label):
    return menu(page, label).evaluate("(list) => list.selectedOptions[0].label")


def sends(page, name):
    """That microphone, and no other, is open, sent, and heard at the other end."""
    until(page, f"{SENT}.label === '{name}'")
    until(page, f"plugs.live().map((track) => track.label).join() === '{name}'")
    before = page.evaluate(ENERGY)
    until(page, f"({ENERGY})().then((now) => now > {before} + 1e-5)")


def plays(page, name):
    """The agent is heard at that loudspeaker; none: at the system's own."""
    find = f"navigator.mediaDevices.enumerateDevices().then((all) => all.find((d) => d.label === '{name}').deviceId)"
    wanted = page.evaluate(find) if name else ""
    until(page, f"plugs.player?.sinkId === '{wanted}'")
    assert page.evaluate("plugs.player.paused") is False


def hints(page):
    return page.locator(".hint").all_inner_texts()


def test_what_is_chosen_before_a_call_is_used_and_kept(page):
    assert menu(page, "Microphone").locator("option").all_inner_texts() == ["System default", *MICS[1:]]
    assert menu(page, "Output").locator("option").all_inner_texts() == ["System default", *OUTPUTS[1:]]
    choose(page, "Microphone", MICS[2])
    choose(page, "Output", OUTPUTS[1])
    start(page)
    sends(page, MICS[2])
    plays(page, OUTPUTS[1])
    page.reload()
    start(page)
    sends(page, MICS[2])
    plays(page, OUTPUTS[1])
    assert (chosen(page, "Microphone"), chosen(page, "Output")) == (MICS[2], OUTPUTS[1])
    assert hints(page) == []


def test_the_menu_covers_nothing_for_long(page):
    start(page)
    menu(page, "Microphone")
    page.keyboard.press("Escape")
    assert not page.get_by_label("Microphone").is_visible()
    assert page.evaluate("fake.got") == []
    menu(page, "Microphone")
    page.get_by_label("Type to the agent").click()
    assert not page.get_by_label("Microphone").is_visible()


def test_both_are_changed_during_a_call(page):
    start(page)
    sends(page, MICS[0])
    plays(page, "")
    for mic, output in ((1, 2), (2, 1)):
        choose(page, "Microphone", MICS[mic])
        choose(page, "Output", OUTPUTS[output])
        sends(page, MICS[mic])
        plays(page, OUTPUTS[output])
    choose(page, "Microphone", "System default")
    choose(page, "Output", "System default")
    sends(page, MICS[0])
    plays(page, "")
    assert page.evaluate("fake.posts.length") == 1
    page.get_by_role("button", name="Hang up").click()
    until(page, "plugs.live().length === 0")


def test_chromium_itself_changes_the_microphone(visit):
    page = visit()
    start(page)
    device = f"{SENT}.getSettings().deviceId"
    before = page.evaluate(device)
    choose(page, "Microphone", MICS[2])
    wanted = menu(page, "Microphone").input_value()
    until(page, f"{device} === '{wanted}'")
    assert wanted != before
    heard = page.evaluate(ENERGY)
    until(page, f"({ENERGY})().then((now) => now > {heard} + 1e-5)")


def test_another_microphone_stays_muted(page):
    start(page)
    page.get_by_role("button", name="Mute").click()
    choose(page, "Microphone", MICS[1])
    until(page, f"{SENT}.label === '{MICS[1]}'")
    assert page.evaluate(f"{SENT}.enabled") is False
    page.get_by_role("button", name="Unmute").click()
    sends(page, MICS[1])


def test_the_chosen_microphone_is_pulled_out_and_put_back(page):
    start(page)
    choose(page, "Microphone", MICS[1])
    sends(page, MICS[1])
    page.evaluate(f"plugs.pull('{MICS[1]}')")
    sends(page, MICS[0])
    note = page.get_by_text("The chosen microphone is not there.")
    assert MICS[0] in note.inner_text()
    assert chosen(page, "Microphone") == "System default"
    page.evaluate(f"plugs.put('{MICS[1]}')")
    sends(page, MICS[1])
    assert chosen(page, "Microphone") == MICS[1]
    assert hints(page) == []
    assert page.evaluate("fake.posts.length") == 1


def test_the_systems_own_microphone_is_pulled_out(page):
    start(page)
    sends(page, MICS[0])
    page.evaluate(f"plugs.pull('{MICS[0]}')")
    sends(page, MICS[1])
    assert hints(page) == [f"The microphone {MICS[0]} is gone. This one is used now: {MICS[1]}"]
    choose(page, "Microphone", MICS[2])
    sends(page, MICS[2])
    assert hints(page) == []


def test_a_call_survives_its_last_microphone(page):
    start(page)
    page.evaluate(f"plugs.pull(...{MICS})")
    page.get_by_role("alert").get_by_text("No microphone is left").wait_for()
    # Silence goes on: the engine counts on steady audio.
    packets = ENERGY.replace("totalAudioEnergy", "packetsReceived")
    before = page.evaluate(packets)
    until(page, f"({packets})().then((now) => now > {before} + 20)")
    page.get_by_label("Type to the agent").fill("are you there")
    page.keyboard.press("Enter")
    page.get_by_text("The agent speaks").wait_for()
    page.evaluate(f"plugs.put('{MICS[2]}')")
    sends(page, MICS[2])
    until(page, "!document.querySelector('[role=alert]')")
    page.get_by_role("button", name="Hang up").click()
    until(page, "plugs.live().length === 0")


def test_a_microphone_that_cannot_be_used_is_said_in_words(page):
    page.evaluate(f"plugs.busy.add('{MICS[2]}')")
    start(page)
    choose(page, "Microphone", MICS[2])
    alert = page.get_by_role("alert")
    alert.get_by_text("The microphone cannot be read").wait_for()
    assert alert.get_by_role("button").all_inner_texts() == ["Dismiss"]
    sends(page, MICS[0])
    assert chosen(page, "Microphone") == "System default"
    choose(page, "Microphone", MICS[1])
    sends(page, MICS[1])
    until(page, "!document.querySelector('[role=alert]')")


def test_the_chosen_microphone_is_not_there_when_a_call_begins(page):
    choose(page, "Microphone", MICS[1])
    page.evaluate(f"plugs.gone.add('{MICS[1]}')")
    start(page)
    sends(page, MICS[0])
    page.get_by_text("The chosen microphone is not there.").wait_for()


def test_the_last_choice_counts(page):
    start(page)
    page.evaluate("plugs.slow = 400")
    choose(page, "Microphone", MICS[1])
    page.evaluate("plugs.slow = 50")
    choose(page, "Microphone", MICS[2])
    page.wait_for_timeout(800)
    sends(page, MICS[2])


def test_a_microphone_that_opens_late_is_closed_again(page):
    start(page)
    page.evaluate("plugs.slow = 1000")
    page.wait_for_timeout(700)
    choose(page, "Microphone", MICS[1])
    page.get_by_role("button", name="Hang up").click()
    page.wait_for_timeout(1500)
    assert page.evaluate("plugs.tracks.length") == 2
    assert page.evaluate("plugs.live().length") == 0


def test_a_choice_while_the_first_microphone_opens(page):
    page.evaluate("fake.script = false; plugs.slow = 600")
    page.get_by_role("button", name="Start talking").click()
    choose(page, "Microphone", MICS[2])
    page.get_by_role("button", name="Hang up").wait_for()
    sends(page, MICS[2])


def test_the_chosen_output_is_pulled_out_and_put_back(page):
    start(page)
    choose(page, "Output", OUTPUTS[1])
    plays(page, OUTPUTS[1])
    page.evaluate(f"plugs.pull('{OUTPUTS[1]}')")
    plays(page, "")
    page.get_by_text("The chosen output is not there.").wait_for()
    assert chosen(page, "Output") == "System default"
    page.evaluate(f"plugs.put('{OUTPUTS[1]}')")
    plays(page, OUTPUTS[1])
    until(page, "!document.querySelector('.hint')")
    sends(page, MICS[0])


def test_an_output_that_cannot_be_used_is_said_in_words(page):
    page.evaluate(f"plugs.busy.add('{OUTPUTS[2]}')")
    start(page)
    choose(page, "Output", OUTPUTS[1])
    plays(page, OUTPUTS[1])
    choose(page, "Output", OUTPUTS[2])
    page.get_by_role("alert").get_by_text("That output cannot be used").wait_for()
    plays(page, OUTPUTS[1])
    assert chosen(page, "Output") == OUTPUTS[1]
    choose(page, "Output", "System default")
    plays(page, "")
    until(page, "!document.querySelector('[role=alert]')")
