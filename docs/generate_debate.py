"""Makes the recorded debates of `docs/recordings`: `python docs/generate_debate.py`.

`debate`: twelve answers of the embedded personas; `debate-cut`: the same, and a recorded person cuts in twice. Of each
the sound (first speaker left, second right, the person on both sides), the transcript with its times, and what the
command says.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
RECORDINGS = Path(__file__).with_name("recordings")
PEOPLE = ROOT / "src" / "vivavoce" / "app" / "recordings"
TOPIC = """Should cities ban cars from their centres? Streets without cars are quieter, and children can play in them.
Buses would come on time. But shops fear for their customers, and old people for their way to the doctor.
Nobody has asked the bicycles yet.
"""
CUTS = (
    ("tt-somethingwrong", 14.0, "something is terribly wrong"),
    ("tt-weasels", 47.0, "weasels have eaten our phone system"),
)


def debate(name: str, *options: str) -> None:
    from tests.browser.minute import opus

    with tempfile.TemporaryDirectory() as folder:
        topic, sound = Path(folder, "topic.txt"), Path(folder, "debate.wav")
        topic.write_text(TOPIC)
        command = ["vivavoce", "duet", "--topic", str(topic), "--turns", "12", *options]
        transcript = RECORDINGS / f"{name}.md"
        made = subprocess.run(
            [str(Path(sys.executable).with_name("vivavoce")), *command[1:], "--out", sound, "--transcript", transcript],
            capture_output=True,
            text=True,
            check=True,
        )
        shown = " ".join(Path(part).name if "/" in part else part for part in command)
        report = made.stdout.partition("\nthe sound is in")[0]
        (RECORDINGS / f"{name}.txt").write_text(f"$ {shown}\n{report}\n")
        opus(sound.read_bytes(), RECORDINGS / f"{name}.ogg")


def main() -> None:
    debate("debate")
    cuts = [option for file, at, words in CUTS for option in ("--in", f"{PEOPLE / file}.wav@{at}", "--expect", words)]
    debate("debate-cut", *cuts)


if __name__ == "__main__":
    main()
