"""Chromium on the page, against a server inside the page (`fake_server.js`) or `vivavoce serve`."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from tests.browser.person import WITNESS, microphone

CHROMIUM = "/usr/bin/chromium"
FAKE = Path(__file__).with_name("fake_server.js")
ARGUMENTS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


# Not for the whole session: while playwright runs, no other test can run a loop.
@pytest.fixture(scope="module")
def launch():
    """launch(more arguments) -> a browser; skips where there is none, unless VIVAVOCE_REQUIRE_BROWSER is set."""
    why = None
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        why = "playwright is not installed"
    else:
        if not Path(CHROMIUM).exists():
            why = f"there is no {CHROMIUM}"
    if why and os.environ.get("VIVAVOCE_REQUIRE_BROWSER"):
        pytest.fail(why)
    if why:
        pytest.skip(why)
    with sync_playwright() as playwright:
        yield lambda *more: playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])


@pytest.fixture(scope="module")
def chromium(launch):
    """A browser whose microphone beeps."""
    browser = launch()
    yield browser
    browser.close()


def served():
    """Yields the address of the page while it is served."""
    import uvicorn
    from starlette.applications import Starlette

    from vivavoce.app.http.page import routes

    app = Starlette(routes=routes())
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def url():
    """Where the page is served."""
    pytest.importorskip("uvicorn")
    yield from served()


@pytest.fixture
def visit(chromium, url):
    """visit(before="", **context options) -> a page; what it logs as an error fails the test."""
    faults, contexts = [], []

    def go(before="", allow=("microphone", "clipboard-read", "clipboard-write"), fake=True, at=url, **options):
        context = chromium.new_context(**options)
        context.grant_permissions(allow)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        if fake:
            page.add_init_script(FAKE.read_text())
        if before:
            page.add_init_script(before)
        page.goto(at)
        page.faults = faults
        return page

    yield go
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture(scope="session")
def webrtc():
    """Skips where no library for WebRTC is installed."""
    from vivavoce.core.errors import BadInput
    from vivavoce.transports.webrtc.choose import make_peer

    try:
        make_peer()
    except BadInput as error:
        pytest.skip(str(error))


@pytest.fixture
def meet(launch, tmp_path):
    """meet(url, *speech) -> the page in a browser whose microphone says that; errors in its console fail the test.

    `own=True`: the microphone says what `Witness.say` is told. `excused`: a part of errors that are expected. `before`:
    a script that runs before the page's own.
    """
    browsers, faults = [], []

    def go(url, *speech, own=False, excused=None, before=""):
        def complain(text):
            if excused is None or excused not in text:
                faults.append(text)

        browser = launch(microphone(tmp_path / "caller.wav", *speech))
        browsers.append(browser)
        page = browser.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda said: complain(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complain(str(error)))
        page.add_init_script(WITNESS.read_text() + ("witness.takeOver();" if own else "") + before)
        page.goto(url.removesuffix("/v1"))
        return page

    yield go
    for browser in browsers:
        browser.close()
    assert faults == []
