"""A minute on the page, recorded by the page and by the server: `python tests/browser/minute.py FOLDER`.

In real time, over WebRTC: a person asks, is answered, has a tool called, coughs and listens aloud through a story, cuts
into it, says thanks. What is left in the folder: `minute.ogg`, the page's own recording (the caller left, the agent
right), and `minute.txt`, what `vivavoce explain` makes of the server's.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import wave
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.person import OPTIONS, RATE, WITNESS, Witness, spoken
from tests.clients.process import serving

from vivavoce.audio.resample import resample
from vivavoce.core.units import OUT_RATE
from vivavoce.providers.base import Speech
from vivavoce.providers.offline.tts import EspeakTts

AGREED, AGREED_BY = "Yeah.", ("george", 0.85)
"""What no recording says, by which voice of the synthesiser, and how fast."""
PROGRAMME = (
    "Ada leads it until noon. Then Ben takes over, and there are three talks in the afternoon. The first one is about "
    "lighthouses, the second one is about the sea, and the third one is about the people who keep watch at night. "
    "Dinner is at seven, in the room with the large windows, and the doors close at midnight."
)
SERVER = (
    *OPTIONS, "--expect=weasels have eaten our phone system", "--expect=thank you",
    # The embedded recogniser's first guess at a short word is often another one.
    "--policy=barge_in.min_words=2",
)  # fmt: skip
TOOL = {
    "type": "function",
    "name": "find_leader",
    "description": "Tells who is the leader, and who has left.",
    "parameters": {"type": "object", "properties": {}},
}
BITS_PER_S = 48_000
PATIENCE_S = 12


def agreed():
    """As samples at 48 kHz."""

    async def speak():
        tts = EspeakTts()
        try:
            return [piece.pcm async for piece in tts.speak(AGREED, *AGREED_BY) if isinstance(piece, Speech)]
        finally:
            await tts.close()

    return resample(np.concatenate(asyncio.run(speak())), OUT_RATE, RATE)


def cough():
    """Two bursts of breath: loud, short, no word."""
    rng, at = np.random.default_rng(4), np.arange(int(0.18 * RATE)) / RATE
    burst = np.convolve(rng.normal(0, 1, len(at)), np.ones(24) / 24, "same") * np.exp(-at / 0.05) * 30_000
    return np.concatenate([burst, np.zeros(RATE // 12), 0.7 * burst])


class Talk:
    """What the person does, and when: as people do, after having listened."""

    def __init__(self, page):
        self._page = page
        self._witness = Witness(page)
        self.ready = self._witness.next

    def pause(self, seconds):
        self._page.wait_for_timeout(1000 * seconds)

    def say(self, samples):
        self._witness.skip()
        self._witness.play(samples)

    def hear_out(self):
        """Until the agent has spoken, and stopped."""
        with contextlib.suppress(AssertionError):
            self._witness.next("output_audio_buffer.started", within_s=PATIENCE_S)
            self._witness.next("output_audio_buffer.stopped", within_s=3 * PATIENCE_S)
        self.pause(1.2)

    def begin_to_hear(self, seconds):
        self._witness.next("output_audio_buffer.started", within_s=PATIENCE_S)
        self.pause(seconds)


def converse(page, agreement):
    talk = Talk(page)
    page.get_by_role("tab", name="Agent").click()
    page.get_by_text("More function tools").click()
    page.locator("#tools").fill(json.dumps([TOOL]))
    page.keyboard.press("Tab")
    page.get_by_role("tab", name="Latency").click()
    page.get_by_role("button", name="Start talking").click()
    talk.ready("session.created")
    talk.pause(1.5)
    talk.say(spoken("tt-somethingwrong"))
    talk.hear_out()
    talk.say(spoken("conf-onlyperson"))
    talk.hear_out()
    talk.say(spoken("conf-leaderhasleft"))
    # The person plays the tool as well, at the keyboard.
    page.get_by_label("You are this tool").fill(PROGRAMME)
    page.get_by_role("button", name="Answer").click()
    talk.begin_to_hear(3)
    talk.say(cough())
    talk.pause(4)
    talk.say(agreement)
    talk.pause(6)
    talk.say(spoken("tt-weasels"))
    talk.hear_out()
    talk.say(spoken("auth-thankyou"))
    talk.hear_out()
    page.get_by_role("button", name="Hang up").click()


def kept(page):
    """The page's recording, as a WAV file."""
    page.get_by_role("tab", name="Recording").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="WAV", exact=True).click()
    return Path(download.value.path()).read_bytes()


def opus(wav, path):
    """A small file with both sides of a stereo WAV."""
    import av

    with wave.open(io.BytesIO(wav)) as sound:
        pcm, rate = np.frombuffer(sound.readframes(sound.getnframes()), np.int16), sound.getframerate()
    with av.open(str(path), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="stereo", bit_rate=BITS_PER_S)
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        resampler = av.AudioResampler("s16", "stereo", RATE, frame_size=RATE // 50)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


def explained(folder):
    """What `vivavoce explain` says of the only call in a folder."""
    (call,) = folder.iterdir()
    command = [sys.executable, "-m", "vivavoce", "explain", str(call)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main():
    from playwright.sync_api import sync_playwright

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    # Before playwright has a loop of its own.
    agreement = agreed()
    with tempfile.TemporaryDirectory() as calls:
        with serving("--record", calls, *SERVER) as served, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page()
            page.set_default_timeout(30_000)
            page.add_init_script(WITNESS.read_text() + "witness.takeOver();")
            page.goto(served.url.removesuffix("/v1"))
            converse(page, agreement)
            opus(kept(page), folder / "minute.ogg")
            browser.close()
        (folder / "minute.txt").write_text(explained(Path(calls)))


if __name__ == "__main__":
    main()
