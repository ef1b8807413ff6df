"""The page against `vivavoce serve`: real engines, real WebRTC, a recorded person at the microphone."""

from __future__ import annotations

import pytest
from tests.browser.person import silence, spoken
from tests.clients.process import serving

pytestmark = [pytest.mark.offline, pytest.mark.slow, pytest.mark.usefixtures("webrtc")]

KEY = "sk-of-the-test"


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
        page = meet(served.url, excused="401")
        page.get_by_role("button", name="Start talking").click()
        page.get_by_label("API key").fill("sk-wrong")
        page.get_by_role("button", name="Connect").click()
        page.get_by_text("The key was refused").wait_for()
        page.get_by_label("API key").fill(KEY)
        page.get_by_role("button", name="Connect").click()
        page.get_by_text("Nobody speaks").wait_for()
        page.get_by_role("button", name="Hang up").click()
