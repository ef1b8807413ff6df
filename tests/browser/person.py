"""A person at a page: what they say with a recorded voice, and what a witness beside them sees and hears."""

from __future__ import annotations

import base64
import time
import wave
from importlib import resources
from pathlib import Path

import numpy as np
from tests.conformance.order import OrderChecker
from tests.conformance.schema import SchemaChecker

RATE = 48_000
WITNESS = Path(__file__).with_name("witness.js")
SPOKEN = {
    "conf-leaderhasleft": "the leader has left the conference",
    "conf-onlyperson": "you are currently the only person in this conference",
    "tt-somethingwrong": "something is terribly wrong",
}
# A server that knows what may be said, and has the patience of a busy machine.
OPTIONS = (*(f"--expect={words}" for words in SPOKEN.values()), "--policy=endpoint.words_timeout_ms=15000")
VOICE = 0.01


def spoken(name):
    """A recording as samples at 48 kHz."""
    path = resources.files("vivavoce.app") / "recordings" / f"{name}.wav"
    with path.open("rb") as file, wave.open(file) as sound:
        pcm, rate = np.frombuffer(sound.readframes(sound.getnframes()), np.int16), sound.getframerate()
    at = np.arange(len(pcm) * RATE // rate) * rate / RATE
    return np.interp(at, np.arange(len(pcm)), pcm)


def silence(seconds):
    return np.random.default_rng(0).normal(0, 4, int(seconds * RATE))


def microphone(path, *speech):
    """The argument that makes Chromium's microphone say it, once, and then nothing."""
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(np.concatenate([*speech, silence(60)]).astype("<i2").tobytes())
    return f"--use-file-for-fake-audio-capture={path}%noloop"


def alike(heard, name):
    """Are at least half of a recording's words among those that were heard?"""
    words = SPOKEN[name].split()
    return 2 * len(set(words) & set(heard.lower().split())) >= len(words)


class Witness:
    """What `witness.js` saw of a page."""

    def __init__(self, page):
        self._page = page
        self._read = 0

    def say(self, name):
        """A recording, into a microphone that was taken over."""
        self.play(spoken(name))

    def play(self, samples):
        """The same with any sound, at 48 kHz."""
        pcm = base64.b64encode(np.asarray(samples).astype("<i2").tobytes()).decode()
        self._page.evaluate(f"witness.say('{pcm}')")

    def ask(self, name, understood):
        """Say it until it is understood, as a person would, as sound gets lost on a busy machine: at most three times.

        `understood(words, response)` gets the words that were heard, and the whole response. Returns when it was said.
        """
        for _ in range(3):
            began = self.now()
            self.say(name)
            heard = self.next("conversation.item.input_audio_transcription.completed")["transcript"]
            response = self.next("response.done")["response"]
            if understood(heard, response):
                return began
            if response["output"][0]["type"] == "message":
                self.next("output_audio_buffer.stopped")
            self.quiet_again()
        raise AssertionError(f"{name} was not understood: {heard}")

    def events(self, kind, way="in"):
        return self._page.evaluate(
            "([kind, way]) => witness.events.filter((x) => x.event.type === kind && x.way === way).map((x) => x.event)",
            [kind, way],
        )

    def skip(self):
        """What came so far is not asked for any more."""
        self._read = self._page.evaluate("witness.events.length")

    def next(self, kind, where="true", within_s=30):
        """The next event from the server for which an expression about `e` holds, after the one returned last."""
        find = (
            f"witness.events.findIndex(({{way, event: e}}, i) => i >= {self._read} && way === 'in'"
            f" && e.type === '{kind}' && ({where}))"
        )
        self._read = self.until(f"{find} + 1", within_s, f"{kind} where {where}")
        return self._page.evaluate(f"witness.events[{self._read - 1}].event")

    def until(self, expression, within_s=30, what=""):
        """A true value. Not wait_for_function: a content security policy may forbid what it does."""
        end = time.monotonic() + within_s
        while not (value := self._page.evaluate(expression)):
            kinds = "witness.events.slice(-12).map((x) => [x.way, x.event.type, x.event.error?.code].join(' '))"
            assert time.monotonic() < end, f"never: {what or expression}; last: {self._page.evaluate(kinds)}"
            self._page.wait_for_timeout(40)
        return value

    def energy(self):
        """Of the agent's voice that came so far."""
        return self._page.evaluate("witness.energy()")

    def now(self):
        """On the clock of the levels."""
        return self._page.evaluate("witness.context.currentTime")

    def quiet_again(self, within_s=15):
        """Wait until half a second of the agent's track is silent."""
        quiet = f"witness.agent.length > 50 && witness.agent.slice(-50).every(([, level]) => level < {VOICE})"
        self.until(quiet, within_s, "the agent is quiet")

    def first_sound(self, after):
        """When the agent's voice was first heard after a moment; waits for it."""
        find = f"witness.agent.find(([at, level]) => at >= {after} && level >= {VOICE})?.[0]"
        return self.until(find, what="the agent's voice")

    def last_word(self, after):
        """When the person's voice was last heard, of what was said after a moment."""
        return self._page.evaluate(
            f"witness.mic.findLast(([at, level]) => at >= {after} && level >= {VOICE})?.[0] ?? null"
        )

    def check(self):
        """Is all that the server sent in order, and in shape?"""
        order, schema = OrderChecker(), SchemaChecker()
        for seen in self._page.evaluate("witness.events"):
            if seen["way"] == "out":
                order.sent(seen["event"])
            else:
                order.received(seen["event"])
                schema.received(seen["event"], 0)
        assert [*order.violations, *schema.violations] == []
