"""Breaks the core on purpose, in a scratch copy, and says which simulated call notices, and by which invariant.

    python tests/mutation_check.py              every mutation, up to 500 calls each (some minutes)
    python tests/mutation_check.py heard        those whose name contains a word
    python tests/mutation_check.py --tests      the tests in tests/core against every mutation, too

A mutation is a piece of text that must occur once in a file and what takes its place. When the core changes and a
mutation no longer fits, this says so: find the new place. Results are written up in docs/mutation-check.md.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CALLS = 500

PLAY = """
import sys
from vivavoce.sim.checks import Violation
from vivavoce.sim.world import World
for seed in range(int(sys.argv[1])):
    try:
        World(seed).run()
    except Violation as broken:
        print(seed, broken.name, sep="|")
        break
    except Exception as error:
        print(seed, f"{type(error).__name__}: {error}", sep="|")
        break
"""


@dataclass(frozen=True)
class Mutation:
    name: str
    file: str
    """Below src/vivavoce/core."""
    old: str
    new: str


MUTATIONS = (
    Mutation("none (the core as it is)", "reply.py", '"""The life of one answer', '"""The life of one answer'),
    Mutation(
        "promote an early answer without comparing its basis",
        "listening.py",
        "fits = self.speaking.candidate is not None and self.speaking.candidate.basis == basis",
        "fits = self.speaking.candidate is not None",
    ),
    Mutation(
        "credit the word in progress as heard",
        "heard.py",
        "return max((w.chars for w in self.words if w.samples <= played), default=0), True",
        "return min((w.chars for w in self.words if w.samples > played), default=len(self.text)), True",
    ),
    Mutation(
        "write what was said, not what was heard, into the history",
        "reply.py",
        "return Voice(heard, heard != self.text.strip())",
        "return Voice(self.text.strip(), True)",
    ),
    Mutation(
        "release an early answer as soon as it has audio",
        "speaking.py",
        "making.add_audio(self.context, reply, event) and reply.released:\n            self._expect_playout(reply)",
        "making.add_audio(self.context, reply, event) and not reply.released:\n            reply.released = True\n"
        "            self.context.emit(Release(reply.id, Why.FIRST_AUDIO))",
    ),
    Mutation(
        "go on with a reply that was cut",
        "speaking.py",
        "None if found is None or found.over or found.stop_at is not None else found",
        "None if found is None or found.stop_at is not None else found",
    ),
    Mutation(
        "do not tell the player that a reply was cut",
        "endings.py",
        "self.context.emit(Flush(reply.id, at, why))\n        self.context.emit(Cancel(reply.id, why))",
        "self.context.emit(Cancel(reply.id, why))",
    ),
    Mutation(
        "run writing tools for an early answer",
        "making.py",
        "(reply.state is State.LIVE or row.spec.read_only)",
        "(reply.state is State.LIVE or True)",
    ),
    Mutation(
        "issue a call again that is known already",
        "tools.py",
        "if call in self.rows:\n            return None",
        "if call in self.rows and self.rows[call].state is not State.RUNNING:\n            return None",
    ),
    Mutation(
        "forget the deadline of the endpoint",
        "listening.py",
        'self.context.set_timer("endpoint", 0, ',
        "max(0, ",
    ),
    Mutation(
        "forget how long a model may be silent",
        "speaking.py",
        'self.context.set_timer("llm", reply.id, self.context.now + self.context.policy.reply.llm_timeout_ms)\n'
        "        if speculative:",
        "if speculative:",
    ),
    Mutation(
        "lose words that come after the turn",
        "listening.py",
        "self.context.history.reword(self.last_item, turn.text)",
        "pass",
    ),
    Mutation(
        "let the call end with a reply open",
        "conversation.py",
        "if not reply.settled:",
        "if not reply.settled and reply.text_done:",
    ),
)


def mutated(mutation: Mutation, folder: Path) -> Path:
    """A copy of the sources with one mutation."""
    src = folder / "src"
    shutil.copytree(ROOT / "src", src, ignore=shutil.ignore_patterns("__pycache__"))
    path = src / "vivavoce" / "core" / mutation.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.name}: found {text.count(mutation.old)} times in {mutation.file}, not once")
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    return src


def simulated(src: Path) -> tuple[str, str]:
    """(seed of the first call that noticed, invariant)."""
    env = {**os.environ, "PYTHONPATH": str(src), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PLAY, str(CALLS)], env=env, capture_output=True, text=True, timeout=1800, check=False
    )
    if done.returncode:
        return "?", done.stderr.strip().splitlines()[-1]
    seed, _, name = done.stdout.strip().partition("|")
    return (seed, name) if seed else ("-", f"not noticed in {CALLS} calls")


def tested(src: Path) -> str:
    """How many tests of the core fail."""
    env = {**os.environ, "PYTHONPATH": str(src), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "tests/core", "-q", "-p", "no:cacheprovider", "--tb=no"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=1800, check=False)
    failed = re.search(r"(\d+) failed", done.stdout)
    return failed.group(1) if failed else "0"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("word", nargs="?", default="", help="only mutations whose name contains it")
    parser.add_argument("--tests", action="store_true", help="run tests/core against each of them, too")
    chosen = parser.parse_args()
    print("| What was broken | Noticed by call | Invariant |" + (" Failing tests |" if chosen.tests else ""))
    print("|---|---:|---|" + ("---:|" if chosen.tests else ""))
    for mutation in MUTATIONS:
        if chosen.word not in mutation.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            src = mutated(mutation, Path(folder))
            seed, name = simulated(src)
            row = f"| {mutation.name} | {seed} | {name} |"
            if chosen.tests:
                row += f" {tested(src)} |"
        print(row, flush=True)


if __name__ == "__main__":
    main()
