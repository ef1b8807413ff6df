"""Whole conversations on the page: a recorded person asks, is answered, cuts in, has a tool called; a second
connection takes part."""

from __future__ import annotations

import json

import pytest
from openai import OpenAI
from tests.browser.person import OPTIONS, Witness, alike
from tests.clients.process import serving
from websockets.exceptions import ConnectionClosedOK

pytestmark = [pytest.mark.offline, pytest.mark.slow, pytest.mark.usefixtures("webrtc")]

SILENCE_MS = 500
TOOL = {
    "type": "function",
    "name": "find_leader",
    "description": "Tells who is the leader, and who has left.",
    "parameters": {"type": "object", "properties": {}},
}


@pytest.fixture(scope="module")
def url():
    with serving(*OPTIONS) as served:
        yield served.url


def prepare(page):
    """Turns by silence, and a tool that the person at the page plays."""
    page.get_by_role("tab", name="Agent").click()
    page.get_by_text("Silence").first.click()
    page.get_by_label("Silence ms").fill(str(SILENCE_MS))
    page.get_by_text("More function tools").click()
    page.locator("#tools").fill(json.dumps([TOOL]))
    page.keyboard.press("Tab")


def test_question_answer_interruption_and_a_tool(meet, url):
    page = meet(url, own=True)
    witness = Witness(page)
    prepare(page)
    page.get_by_role("button", name="Start talking").click()
    page.get_by_role("button", name="Hang up").wait_for()
    witness.next("session.created")

    asked = witness.ask("tt-somethingwrong", lambda words, response: alike(words, "tt-somethingwrong"))
    done = witness.last_word(asked)
    gap = round(1000 * (witness.first_sound(done) - done))
    witness.quiet_again()
    energy = witness.energy()
    assert energy > 1e-3
    assert page.locator(".turn.user .words").first.inner_text().split()
    assert page.locator(".turn.agent .heard").first.inner_text().split()

    page.get_by_role("tab", name="Latency").click()
    own = page.locator(".waterfall .sum").inner_text()

    # The person cuts into a story.
    page.get_by_label("Type to the agent").fill("tell me a story")
    page.keyboard.press("Enter")
    story = witness.next("response.created")["response"]["id"]
    witness.next("output_audio_buffer.started", f"e.response_id === '{story}'")
    witness.first_sound(witness.now())
    page.wait_for_timeout(1500)
    witness.say("conf-onlyperson")
    witness.next("input_audio_buffer.speech_started")
    witness.next("output_audio_buffer.cleared", f"e.response_id === '{story}'")
    cut = witness.next("conversation.item.truncated")
    cut_turn = page.locator(".turn.agent", has=page.locator("del"))
    cut_turn.wait_for()
    assert cut_turn.locator(".heard").inner_text().split()
    assert cut_turn.locator("del").inner_text().split()
    page.locator(".chip.stop").wait_for()
    assert 500 < cut["audio_end_ms"] < 10_000
    said = witness.next("conversation.item.input_audio_transcription.completed")["transcript"]
    assert said.split()
    witness.next("output_audio_buffer.started", f"e.response_id !== '{story}'")
    witness.next("output_audio_buffer.stopped")
    witness.quiet_again()

    # A tool, asked for aloud.
    witness.ask("conf-leaderhasleft", lambda words, response: response["output"][0]["type"] == "function_call")
    page.get_by_label("You are this tool").fill("Ada leads it until noon.")
    page.get_by_role("button", name="Answer").click()
    page.locator(".turn.tool .result", has_text="Ada").wait_for()
    told = witness.next("response.done", "e.response.output[0]?.type === 'message'")["response"]["output"][0]
    assert "Ada" in told["content"][0]["transcript"]
    witness.next("output_audio_buffer.stopped")

    page.get_by_role("tab", name="Events").click()
    page.get_by_label("Filter events").fill("conversation.item.truncated")
    page.locator(".event", has_text="conversation.item.truncated").wait_for()
    page.get_by_role("button", name="Hang up").click()
    witness.check()
    print(f"\nenergy of the answer {energy:.4f}; gap at the ear {gap} ms, {SILENCE_MS} of them the configured silence")
    print(f"the page says: {own}")


def test_another_connection_takes_part_and_hangs_up(meet, url):
    page = meet(url, own=True)
    witness = Witness(page)
    with page.expect_response("**/v1/realtime/calls") as answered:
        page.get_by_role("button", name="Start talking").click()
    call_id = answered.value.headers["location"].rpartition("/")[2]
    with (
        OpenAI(base_url=url, api_key="x", max_retries=0) as client,
        client.realtime.connect(call_id=call_id) as side,
    ):
        assert side.recv().type == "session.created"
        # What is told before the page's channel is open, the page does not hear.
        witness.next("session.created")
        side.session.update(session={"type": "realtime", "instructions": "You are Otto.", "tools": [TOOL]})
        page.get_by_role("button", name="Hang up").wait_for()
        witness.next("session.updated", "e.session.instructions === 'You are Otto.'")
        witness.ask("conf-leaderhasleft", lambda words, response: response["output"][0]["type"] == "function_call")
        event = until(side, "response.function_call_arguments.done")
        assert event.name == "find_leader"
        until(side, "response.done")
        output = {"type": "function_call_output", "call_id": event.call_id, "output": "Ada leads it until noon."}
        side.conversation.item.create(item=output)
        side.response.create()
        told = until(side, "response.done").response
        assert "Ada" in told.output[0].content[0].transcript
        witness.next("output_audio_buffer.started")
        witness.first_sound(0)
        page.locator(".turn.agent .heard", has_text="Ada").wait_for()

        client.realtime.calls.hangup(call_id)
        page.get_by_role("alert").get_by_text("The server ended the call").wait_for()
        with pytest.raises(ConnectionClosedOK):
            until(side, "never")


def until(side, kind):
    """The next event of a type that the other connection gets."""
    while (event := side.recv()).type != kind:
        assert event.type != "error", event
    return event
