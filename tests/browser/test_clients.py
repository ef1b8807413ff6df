"""OpenAI's own browser clients, unmodified, over WebRTC, as judges of `vivavoce serve`."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from openai import OpenAI
from tests.browser.person import OPTIONS, Witness, alike, silence, spoken
from tests.clients.process import serving

pytestmark = [pytest.mark.offline, pytest.mark.slow, pytest.mark.usefixtures("webrtc")]

HERE = Path(__file__).parent
MODULES = HERE.parent / "clients" / "node" / "node_modules"
KEY = "sk-of-the-test"


@pytest.fixture(scope="module")
def served():
    with serving(*OPTIONS, keys=(KEY,)) as server:
        yield server


@pytest.fixture(scope="module")
def site():
    """Where another site than the server's shows a bare page with a client of OpenAI's."""
    if not MODULES.is_dir():
        why = "the Node clients are not installed; fix: npm ci --prefix tests/clients/node"
        if os.environ.get("VIVAVOCE_REQUIRE_NODE"):
            pytest.fail(why)
        pytest.skip(why)
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import FileResponse, HTMLResponse
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    def script(request):
        return FileResponse(HERE / f"{request.path_params['name']}_call.js", media_type="text/javascript")

    def page(request):
        return HTMLResponse(
            f"<!doctype html><link rel=icon href=data:,><title>A client</title>"
            f"<script type=module src=/{request.path_params['name']}_call.js></script>"
        )

    routes = [
        Mount("/modules", StaticFiles(directory=MODULES)),
        Route("/{name:str}_call.js", script),
        Route("/{name:str}", page),
    ]
    config = uvicorn.Config(Starlette(routes=routes), port=0, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def secret(served):
    """A client secret, made as a server of an application would."""
    with OpenAI(base_url=served.url, api_key=KEY) as client:
        return client.realtime.client_secrets.create(session={"type": "realtime", "model": "gpt-realtime"}).value


def nobody_left(page, served):
    """Wait until the server has noticed that the call is over."""
    end = time.monotonic() + 15
    while True:
        with urllib.request.urlopen(served.url.removesuffix("/v1") + "/healthz") as answer:
            if json.load(answer)["calls"] == 0:
                return
        assert time.monotonic() < end, "the server still has the call"
        page.wait_for_timeout(50)


def start(page, served):
    page.wait_for_function("Boolean(window.start)")
    return page.evaluate("([url, key]) => start(url, key)", [served.url, secret(served)])


def test_agents(meet, site, served):
    # Time enough to connect, before the person speaks, and, if that got lost on a busy machine, says it again.
    words = spoken("conf-leaderhasleft")
    page = meet(f"{site}/agents", silence(5), words, silence(15), words)
    witness = Witness(page)
    begun = start(page, served)
    assert begun["status"] == "connected"
    assert begun["callId"].startswith("rtc_")
    # It waits so long for session.updated, and then goes on without.
    assert begun["ms"] < 5000
    assert witness.events("session.updated")[0]["session"]["tools"][0]["name"] == "find_leader"

    # A spoken turn: a tool is called, its result is spoken.
    witness.next("input_audio_buffer.speech_started")
    witness.next("response.function_call_arguments.done", within_s=60)
    page.evaluate("session.mute(true)")
    witness.next("conversation.item.added", "e.item.type === 'function_call_output'")
    witness.next("output_audio_buffer.started")
    told = witness.next("response.done", "e.response.output[0]?.type === 'message'")
    witness.next("output_audio_buffer.stopped")
    witness.quiet_again()
    assert told["response"]["status"] == "completed"
    assert page.evaluate("seen.tools") == ["find_leader"]
    witness.until("said('user').at(-1).includes('leader')")
    assert "Ada" in page.evaluate("said('assistant').at(-1)")
    spoke = witness.energy()
    assert spoke > 1e-3

    # A story, interrupted by a button.
    page.evaluate("session.sendMessage('Tell me a story')")
    story = witness.next("output_audio_buffer.started")["response_id"]
    before = witness.now()
    witness.first_sound(before)
    page.wait_for_timeout(1000)
    assert witness.energy() > spoke
    page.evaluate("session.interrupt()")
    assert witness.next("output_audio_buffer.cleared")["response_id"] == story
    cut = witness.next("conversation.item.truncated")
    assert 300 < cut["audio_end_ms"] < 10_000
    witness.quiet_again(5)
    witness.until(f"said('assistant').at(-1).length < {len(whole(witness, story))}")

    assert page.evaluate("seen.errors") == []
    witness.check()
    page.evaluate("session.close()")
    witness.until("session.transport.status === 'disconnected'")
    nobody_left(page, served)
    print(f"\nagents-js: connected after {begun['ms']:.0f} ms, energy of the answer {spoke:.4f}")


def whole(witness, response):
    """All words of a spoken answer."""
    deltas = witness.events("response.output_audio_transcript.delta")
    return "".join(event["delta"] for event in deltas if event["response_id"] == response)


def test_openai(meet, site, served):
    page = meet(f"{site}/openai", own=True)
    witness = Witness(page)
    begun = start(page, served)
    assert begun["state"] == "connected"
    assert page.evaluate("seen.callId").startswith("rtc_")
    witness.next("session.created")

    def send(kind, **fields):
        page.evaluate("event => realtime.send(event)", {"type": kind, **fields})

    # A written turn, answered in writing.
    send("session.update", session={"type": "realtime", "output_modalities": ["text"]})
    witness.next("session.updated")
    part = {"type": "input_text", "text": "What is seven times eight?"}
    item = {"type": "message", "role": "user", "content": [part]}
    send("conversation.item.create", item=item)
    send("response.create")
    written = witness.next("response.output_text.done")
    assert "fifty" in written["text"].lower()
    assert witness.next("response.done")["response"]["status"] == "completed"
    assert witness.energy() < 1e-6

    # A spoken turn, answered with a voice.
    audio = {"input": {"transcription": {"model": "whisper-1"}}}
    send("session.update", session={"type": "realtime", "output_modalities": ["audio"], "audio": audio})
    witness.next("session.updated")
    asked = witness.ask("tt-somethingwrong", lambda words, response: alike(words, "tt-somethingwrong"))
    witness.first_sound(asked)
    witness.next("output_audio_buffer.stopped")
    witness.quiet_again()
    energy = witness.energy()
    assert energy > 1e-3

    assert page.evaluate("seen.errors") == []
    assert page.evaluate("seen.events") == page.evaluate(
        "witness.events.filter((x) => x.way === 'in').map((x) => x.event.type)"
    )
    witness.check()
    page.evaluate("realtime.close()")
    assert page.evaluate("seen.closed") == "local"
    nobody_left(page, served)
    print(f"\nopenai: connected after {begun['ms']:.0f} ms, energy of the answer {energy:.4f}")
