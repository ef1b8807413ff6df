"""Keys that a caller presses in a browser, which sends them as packets of their own."""

from __future__ import annotations

import pytest
from tests.browser.person import Witness
from tests.clients.process import serving

pytestmark = [pytest.mark.offline, pytest.mark.slow, pytest.mark.usefixtures("webrtc")]

KEY = "input_audio_buffer.dtmf_event_received"
PRESS = "([keys]) => witness.peer.getSenders().find((sender) => sender.dtmf).dtmf.insertDTMF(keys)"


@pytest.fixture(scope="module", params=["libwebrtc", "aiortc"])
def url(request):
    with serving("--webrtc", request.param) as served:
        yield served.url


def test_keys_reach_the_page_and_the_agent_talks_on(meet, url):
    page = meet(url, own=True)
    witness = Witness(page)
    page.get_by_role("button", name="Start talking").click()
    page.get_by_role("button", name="Hang up").wait_for()
    witness.next("session.created")
    witness.until("witness.peer.getSenders().find((sender) => sender.dtmf)?.dtmf.canInsertDTMF", what="keys")
    page.get_by_label("Type to the agent").fill("tell me a story")
    page.keyboard.press("Enter")
    witness.next("output_audio_buffer.started")
    witness.first_sound(witness.now())
    page.wait_for_timeout(500)
    page.evaluate(PRESS, ["1#"])
    assert [witness.next(KEY)["event"] for _ in range(2)] == ["1", "#"]
    page.get_by_role("tab", name="Events").click()
    page.get_by_label("Filter events").fill(KEY)
    page.locator(".event", has_text=KEY).first.wait_for()
    # No turn of the caller, and nothing that stops the story.
    page.wait_for_timeout(1500)
    assert [
        kind for kind in ("input_audio_buffer.speech_started", "output_audio_buffer.cleared") if witness.events(kind)
    ] == []
    page.get_by_role("button", name="Hang up").click()
    witness.check()
