"""The page in a real browser, over WebRTC on loopback, with engines that take no time.

Everything is heard where a person hears it: the microphone's samples as the browser takes them, and the agent's track
as it comes out of the browser's jitter buffer, on one clock in steps of 10 ms. It contains both ways through Opus,
both jitter buffers, and everything of ours; the loudspeaker is not in it.

- gap: from the last sample of the caller's voice to the first audible one of the answer, less the configured silence;
- stop: from the first sample of an interruption to the agent's silence.

`python -m bench.browser` is the server alone; it prints its address.
"""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

Row = tuple[str, str, str]
RATE = 48_000
SILENCE_MS = 300
TURNS = 30
CUT_MS = 600
STEP_MS = 10
VOICE = 0.01
"""Root mean square from which 10 ms are audible."""
CHROMIUM = "/usr/bin/chromium"
WITNESS = Path(__file__).parents[1] / "tests" / "browser" / "witness.js"
ARGUMENTS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
ARGUMENTS.append("--autoplay-policy=no-user-gesture-required")


def _tone(ms: int) -> str:
    """Loud, PCM16 in base64."""
    pcm = 8_000 * np.sin(np.arange(RATE * ms // 1000) * 2 * np.pi * 300 / RATE)
    return base64.b64encode(pcm.astype("<i2").tobytes()).decode()


class Ear:
    """What is heard at the page."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def say(self, ms: int) -> None:
        self._page.evaluate(f"witness.say('{_tone(ms)}')")

    def now(self) -> float:
        return float(self._page.evaluate("witness.context.currentTime"))

    def find(self, who: str, after: float, how: str = "find") -> float | None:
        """When this voice (`mic`, `agent`) was audible first, or last (`findLast`), after a moment; in seconds."""
        found = self._page.evaluate(
            f"witness.{who}.{how}(([at, level]) => at >= {after} && level >= {VOICE})?.[0] ?? null"
        )
        return None if found is None else float(found)

    def until(self, who: str, after: float) -> float:
        end = time.monotonic() + 10
        while (found := self.find(who, after)) is None:
            assert time.monotonic() < end, f"nothing was heard of {who}"
            self._page.wait_for_timeout(50)
        return found

    def silent(self, after: float) -> float:
        """When the agent fell silent after a moment: the beginning of 60 ms of silence."""
        levels = self._page.evaluate(f"witness.agent.filter(([at]) => at >= {after})")
        quiet = [level < VOICE for _, level in levels]
        return next(float(levels[n][0]) for n in range(len(levels)) if all(quiet[n : n + 6]))

    def quiet(self) -> None:
        """Wait until the agent was silent for half a second."""
        end = time.monotonic() + 30
        while not self._page.evaluate(f"witness.agent.slice(-50).every(([, level]) => level < {VOICE})"):
            assert time.monotonic() < end, "the agent never falls silent"
            self._page.wait_for_timeout(100)


def _turn(ear: Ear, ms: int, page: Any) -> tuple[float, float]:
    """Ask, be answered, cut in, be answered again: gap without the silence, and stop, in ms."""
    begun = ear.now()
    ear.say(ms)
    page.wait_for_timeout(ms + 250)
    answer, done = ear.until("agent", begun), ear.find("mic", begun, "findLast")
    assert done is not None
    page.wait_for_timeout(1_500)
    cut = ear.now()
    ear.say(CUT_MS)
    page.wait_for_timeout(CUT_MS + 150)
    onset = ear.until("mic", cut)
    stopped = ear.silent(onset)
    ear.until("agent", stopped + 0.1)
    page.keyboard.press("Escape")
    ear.quiet()
    return (answer - done) * 1000 - STEP_MS - SILENCE_MS, (stopped - onset) * 1000


@contextmanager
def _served() -> Iterator[str]:
    running = subprocess.Popen([sys.executable, "-m", "bench.browser"], stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        yield running.stdout.readline().strip()
    finally:
        running.terminate()
        running.wait()


def measure(quick: bool) -> Iterator[Row]:
    """Rows of the table."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield "browser", "needs playwright and Chromium", ""
        return
    if not Path(CHROMIUM).exists():
        yield "browser", f"needs {CHROMIUM}", ""
        return
    turns = TURNS // 6 if quick else TURNS
    with _served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.add_init_script(WITNESS.read_text() + "witness.takeOver();")
        page.goto(url)
        page.get_by_role("tab", name="Agent").click()
        page.get_by_text("Silence").first.click()
        page.get_by_label("Silence ms").fill(str(SILENCE_MS))
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Start talking").click()
        page.get_by_role("button", name="Hang up").wait_for()
        page.wait_for_timeout(2_000)
        ear = Ear(page)
        found = [_turn(ear, 400 + 20 * (n % 9), page) for n in range(turns)]
        browser.close()
    gaps, stops = (sorted(one) for one in zip(*found, strict=True))
    for what, values in (
        ("first audible sample after the configured silence", gaps),
        ("interruption to silence", stops),
    ):
        middle, p95 = values[len(values) // 2], values[min(len(values) - 1, round(len(values) * 0.95))]
        yield f"browser, at the ear: {what}, median / p95 of {turns}", f"{middle:.0f} / {p95:.0f} ms", "250 ms"


def main() -> None:
    """Serve until terminated."""
    from vivavoce.app import http
    from vivavoce.app.http.page import routes
    from vivavoce.app.realtime import RealtimeCalls, Settings
    from vivavoce.app.serve import run_loop
    from vivavoce.transports.webrtc.choose import make_peer
    from vivavoce.transports.webrtc.peer import Network

    from .instant import engines

    make = make_peer()
    calls = RealtimeCalls(engines(), Settings("instant", "", ("tone",), peer=lambda: make(Network())))
    app = http.make_app(calls.handle, calls, http.Keys(), check_session=calls.check, routes=routes(), peer_calls=calls)
    run_loop(http.serve(app, host="127.0.0.1", port=0, on_ready=lambda url: print(url, flush=True)))


if __name__ == "__main__":
    main()
