"""Calls of browsers through the STUN and TURN servers that the page is told of."""

from __future__ import annotations

import pytest
from tests.browser.person import Witness
from tests.clients.process import serving
from tests.webrtc.turn import SECRET, USER, turn_server

KEY = "sk-of-the-test"
ONLY_RELAYED = """
{
  const { setConfiguration } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setConfiguration = function (given) {
    setConfiguration.call(this, { ...given, iceTransportPolicy: "relay" });
  };
}
"""
# As where a page has no microphone: only the browser's own network may resolve such names.
HIDDEN = """
{
  const { set } = FormData.prototype;
  FormData.prototype.set = function (name, value) {
    const own = /(a=candidate:\\S+ \\d udp \\d+ )\\S+( \\d+ typ host)/g;
    if (name === "sdp") window.offer = value = value.replace(own, "$1dbb7e7a4-0d2e-4c5a-8f43-2b6f6a1f7b1c.local$2");
    set.call(this, name, value);
  };
}
"""
PAIR = """async () => {
  const stats = await witness.peer.getStats();
  const transport = [...stats.values()].find((report) => report.type === "transport");
  const pair = stats.get(transport?.selectedCandidatePairId);
  const local = pair && stats.get(pair.localCandidateId);
  return local && [local.candidateType, local.url ?? ""];
}"""


def test_the_page_passes_them_on(visit):
    page = visit()
    servers = [{"urls": ["turn:127.0.0.1:9"], "username": "ada", "credential": "hush"}]
    page.evaluate("(servers) => Object.assign(fake, { ice: servers, script: false })", servers)
    page.get_by_role("button", name="Start talking").click()
    page.get_by_role("button", name="Hang up").wait_for()
    assert page.evaluate("fake.page.getConfiguration().iceServers") == servers
    # What was found until then is in the offer: a TURN server that does not answer held nothing up for long.
    assert "a=candidate" in page.evaluate("fake.posts[0].sdp")


@pytest.mark.offline
@pytest.mark.slow
@pytest.mark.usefixtures("webrtc")
def test_a_call_through_a_turn_server_that_only_the_page_knows(meet):
    with turn_server() as port, serving("--browser-ice-server", turn(port), keys=(KEY,)) as served:
        page = meet(served.url, before=ONLY_RELAYED, excused="401")
        page.get_by_role("button", name="Start talking").click()
        # Who holds no key is not told of the TURN server.
        page.get_by_label("API key").fill(KEY)
        page.get_by_role("button", name="Connect").click()
        page.get_by_role("button", name="Hang up").wait_for()
        kind, url = page.evaluate(PAIR)
        assert kind == "relay"
        assert str(port) in url
        answered(page)
        assert not any(SECRET in line for line in served.lines)


@pytest.mark.offline
@pytest.mark.slow
@pytest.mark.usefixtures("webrtc")
def test_a_browser_that_hides_its_addresses(meet):
    with turn_server() as port, serving("--browser-ice-server", turn(port)) as served:
        page = meet(served.url, before=HIDDEN)
        answered(page)
        assert ".local" in page.evaluate("offer")


def turn(port):
    return f"turn:{USER}:{SECRET}@127.0.0.1:{port}"


def answered(page):
    page.get_by_label("Type to the agent").fill("hello")
    page.keyboard.press("Enter")
    Witness(page).first_sound(0)
    page.locator(".turn.agent .heard").first.wait_for()
