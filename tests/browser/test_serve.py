"""The page against `vivavoce serve`: real engines, real WebRTC, a recorded person at the microphone."""

from __future__ import annotations

import wave
from importlib import resources

import numpy as np
import pytest
from tests.clients.process import serving

pytestmark = [pytest.mark.offline, pytest.mark.slow]

RATE = 48_000
KEY = "sk-of-the-test"


@pytest.fixture(scope="module", autouse=True)
def _webrtc():
    from vivavoce.core.errors import BadInput
    from vivavoce.transports.webrtc.choose import make_peer

    try:
        make_peer()
    except BadInput as error:
        pytest.skip(str(error))


def spoken(name):
    path = resources.files("vivavoce.app") / "recordings" / f"{name}.wav"
    with path.open("rb") as file, wave.open(file) as sound:
        pcm, rate = np.frombuffer(sound.readframes(sound.getnframes()), np.int16), sound.getframerate()
    at = np.arange(len(pcm) * RATE // rate) * rate / RATE
    return np.interp(at, np.arange(len(pcm)), pcm)


def silence(seconds):
    return np.random.default_rng(0).normal(0, 4, int(seconds * RATE))


@pytest.fixture
def meet(launch, tmp_path):
    """meet(url, speech) -> the page in a browser whose microphone says that; errors in its console fail the test."""
    browsers, faults = [], []

    def go(url, *speech):
        path = tmp_path / "caller.wav"
        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, RATE, 0, "NONE", ""))
            sound.writeframes(np.concatenate([*speech, silence(60)]).astype("<i2").tobytes())
        browser = launch(f"--use-file-for-fake-audio-capture={path}%noloop")
        browsers.append(browser)
        page = browser.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(url.removesuffix("/v1"))
        return page

    yield go
    for browser in browsers:
        browser.close()
    # The browser itself reports what the server refuses.
    assert [fault for fault in faults if "401" not in fault] == []


@pytest.fixture(scope="module")
def url():
    with serving() as served:
        yield served.url


def test_what_is_said_is_understood_answered_and_measured(meet, url):
    page = meet(url, silence(3), spoken("tt-somethingwrong"))
    page.get_by_role("button", name="Start talking").click()
    page.locator(".turn.user .words:not(.partial)").wait_for()
    assert "something" in page.locator(".turn.user .words").inner_text()
    page.locator(".turn.agent .heard").wait_for()
    page.locator(".columns button").wait_for()
    assert page.locator(".waterfall > table tbody tr").count() >= 8
    assert page.locator(".tile dd").first.inner_text().endswith("ms")
    page.get_by_role("button", name="Hang up").click()
    page.get_by_role("tab", name="Recording").click()
    page.get_by_role("button", name="Look at it").click()
    page.get_by_text("You are looking at a recording.").wait_for()


def test_typing_changing_and_stopping(meet, url):
    page = meet(url)
    page.get_by_label("Type to the agent").fill("tell me a story")
    page.keyboard.press("Enter")
    page.get_by_text("The agent speaks").wait_for()
    page.wait_for_timeout(1500)
    page.keyboard.press("Escape")
    page.locator(".turn.agent del").wait_for()
    assert page.locator(".turn.agent .heard").inner_text().split()
    page.get_by_role("tab", name="Agent").click()
    assert page.locator("#voice option").count() > 2
    page.locator("#voice").select_option(index=2)
    page.locator("#voice-verdict", has_text="in force").wait_for()
    page.locator("#instructions").fill("Be brief.")
    page.get_by_text("Push to talk").first.click()
    page.locator("#instructions-verdict", has_text="in force").wait_for()
    page.get_by_text("The session in force").click()
    page.locator("form.agent details pre", has_text='"turn_detection": null').wait_for()
    assert '"instructions": "Be brief."' in page.locator("form.agent details pre").inner_text()


def test_a_server_with_keys(meet):
    with serving(keys=(KEY,)) as served:
        page = meet(served.url)
        page.get_by_role("button", name="Start talking").click()
        page.get_by_label("API key").fill("sk-wrong")
        page.get_by_role("button", name="Connect").click()
        page.get_by_text("The key was refused").wait_for()
        page.get_by_label("API key").fill(KEY)
        page.get_by_role("button", name="Connect").click()
        page.get_by_text("Nobody speaks").wait_for()
        page.get_by_role("button", name="Hang up").click()
