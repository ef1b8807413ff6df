"""Is the recording of a call whole?"""

from __future__ import annotations

import wave
from pathlib import Path

from vivavoce.app.capture import load
from vivavoce.runtime.replay import replay
from vivavoce.wire.capture import Capture


def check_recording(folder: Path) -> Capture:
    """All files are there under their own names, as long as they say, and the replay is identical."""
    assert sorted(path.name for path in folder.iterdir()) == ["agent.wav", "caller.wav", "capture.jsonl"]
    capture = load(folder)
    assert capture.end is not None
    assert replay(capture).identical
    lengths = {"caller": (16_000, capture.end.caller_samples), "agent": (24_000, capture.end.agent_samples)}
    for name, (rate, samples) in lengths.items():
        with wave.open(str(folder / f"{name}.wav")) as sound:
            assert (sound.getframerate(), sound.getnframes()) == (rate, samples)
            assert len(sound.readframes(samples)) == 2 * samples
    return capture
