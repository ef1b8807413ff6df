"""`vivavoce talk`: a call with the embedded agent over a microphone, recordings or typed text."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..core.commands import Command, Tell
from ..core.errors import BadInput
from ..core.events import Event
from ..core.notices import TurnReport
from ..runtime.clock import run as run_loop
from ..runtime.observe import Observer
from ..runtime.session import Summary
from ..transports.base import Transport
from ..transports.typed import Typed
from ..transports.wav import Recordings
from ..wire.watching import report_dict
from . import embedded, show
from .agent.agent import Agent
from .agent.load import load_agents
from .agent.run import Models, everybody, models_of, served
from .agent.served import Cast, session_of
from .engines import works_here
from .prices import load_prices
from .recording import RECORDINGS, load, require_speech
from .settings import add_agent_arguments, add_prices_option, check_agent, complete, policy_of

DEMO = (
    ("conf-leaderhasleft", "the leader has left the conference", None),
    ("conf-onlyperson", "you are currently the only person in this conference", None),
    ("tt-somethingwrong", "something is terribly wrong", 1_200),
    ("tt-weasels", "weasels have eaten our phone system", None),
    ("auth-thankyou", "thank you", None),
)
"""The bundled recordings that make a short conversation: name, words, and how far into the answer before it one cuts
in (ms)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("app", nargs="?", type=Path, metavar="APP.py", help="a file that makes an Agent")
    parser.add_argument(
        "--in", dest="inputs", action="append", default=[], metavar="FILE.wav", help="a recording; several become turns"
    )
    parser.add_argument("--text", action="append", default=[], metavar="WORDS", help="a typed turn; may be repeated")
    parser.add_argument("--out", type=Path, metavar="FILE.wav", help="write the agent's side of the call")
    parser.add_argument("--stereo", action="store_true", help="with --out: caller left, agent right")
    parser.add_argument("--record", type=Path, metavar="DIR", help="write the capture, for replay and explain")
    parser.add_argument("--overwrite", action="store_true", help="with --record: replace the recording that is there")
    parser.add_argument("--realtime", action="store_true", help="take recordings and texts at the speed of speech")
    parser.add_argument(
        "--cut-in", type=float, metavar="SECONDS", help="begin each next recording this long into the answer"
    )
    add_agent_arguments(parser, embedded.GREETING)
    add_prices_option(parser)
    parser.add_argument("--no-waterfall", action="store_true", help="leave the waterfalls out")
    parser.add_argument("--json", action="store_true", help="print one JSON object per turn, and a summary")
    parser.add_argument("--demo", action="store_true", help="microphone if there is one, else the bundled recordings")


@dataclass
class Reports(Observer):
    """Keeps the report of every exchange; prints it as JSON when asked to."""

    as_json: bool
    reports: list[TurnReport] = field(default_factory=list)

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Tell) and isinstance(command.notice, TurnReport):
                self.reports.append(command.notice)
                if self.as_json:
                    print(json.dumps(report_dict(command.notice)), flush=True)


def run(args: argparse.Namespace) -> int:
    _check(args)
    agents = everybody(load_agents(args.app) if args.app is not None else [_agent(args)])
    complete(agents.values(), args)
    env = dict(os.environ)
    models, notes = models_of(list(agents.values()), env)
    transport, live, note = _caller(args)
    observers, reports = _observers(args, live)
    if not args.json:
        for line in (*notes, note):
            if line:
                print(line, file=sys.stderr)
    realtime = args.realtime or live or not all(works_here(names, llms) for names, llms in models.items())
    summary = run_loop(_call(args, agents, models, env, transport, observers), realtime=realtime)
    _end(args, reports, summary)
    return 0


def _agent(args: argparse.Namespace) -> Agent:
    """The embedded one, as the options describe it. Raises BadInput."""
    more = {"instructions": args.instructions, "language": args.language, "max_tokens": args.max_tokens}
    return embedded.agent(args.voice, args.speed, args.greeting, policy_of(args), **more)


def _check(args: argparse.Namespace) -> None:
    """Raises BadInput for what can be known to be wrong before anything is opened or written."""
    if args.inputs and args.text:
        raise BadInput("--in and --text do not go together; fix: choose one")
    check_agent(args)
    load_prices(args.prices)
    if args.stereo and args.out is None and not args.demo:
        raise BadInput("--stereo says how to write the call; fix: add --out FILE.wav")
    if args.cut_in is not None and not 0 <= args.cut_in <= 60:
        raise BadInput(f"--cut-in must be from 0 to 60 seconds, not {args.cut_in:g}")


def _caller(args: argparse.Namespace) -> tuple[Transport, bool, str]:
    """Who calls; whether it is a live person; and a note for the user."""
    if args.inputs:
        cut_in = round(args.cut_in * 1000) if args.cut_in is not None else None
        recordings = [replace(load(Path(name)), cut_in_ms=cut_in) for name in args.inputs]
        vads = embedded.detectors()
        for name, recording in zip(args.inputs, recordings, strict=True):
            require_speech(name, recording.pcm, vads)
        return Recordings(recordings), False, ""
    if args.text:
        return Typed(args.text), False, ""
    from ..transports.mic import NoDevice, open_microphone

    try:
        return open_microphone(), True, "Speak now; Ctrl-C ends the call. A headset avoids echo."
    except NoDevice as error:
        if not args.demo:
            raise
        args.out, args.stereo = args.out or Path("vivavoce-demo.wav"), True
        args.expect = (*args.expect, *(words for _, words, _ in DEMO))
        bundled = [replace(load(RECORDINGS / f"{name}.wav"), cut_in_ms=at) for name, _, at in DEMO]
        note = "calling with the bundled recordings, whose words the recogniser is told to expect."
        return Recordings(bundled), False, f"{str(error).partition(';')[0]}: {note}"


def _observers(args: argparse.Namespace, live: bool) -> tuple[list[Observer], Reports]:
    reports = Reports(args.json)
    observers: list[Observer] = [reports]
    if not args.json:
        from rich.console import Console

        from .terminal import Terminal

        observers.append(Terminal(Console(highlight=False), live, not args.no_waterfall))
    if args.out is not None:
        from .tracks import Tracks

        observers.append(Tracks(args.out, args.stereo))
    if args.record is not None:
        from ..runtime.record import Recorder

        observers.append(Recorder(args.record, args.overwrite))
    return observers, reports


async def _call(
    args: argparse.Namespace,
    agents: dict[str, Agent],
    models: Models,
    env: dict[str, str],
    transport: Transport,
    observers: list[Observer],
) -> Summary:
    async with served(agents, models, env, ears=not args.text) as found:
        first = next(iter(found))
        expect = (*args.expect, *embedded.expected(found[first].engines.llm))
        session = session_of(Cast(found, first), transport, observers, expect, load_prices(args.prices))
        return await session.run_until_left()


def _end(args: argparse.Namespace, reports: Reports, summary: Summary) -> None:
    totals = show.summary_of(reports.reports)
    totals |= {"ended": summary.reason, "duration_ms": summary.duration_ms}
    totals |= {"late_frames": summary.late_frames, "underruns": summary.underruns}
    totals["reports"] = [f"{r.role.value}: {r.code}: {r.detail}" for r in summary.reports]
    if args.json:
        print(json.dumps({"summary": totals}), flush=True)
        return
    gap = f", median gap {totals['gap_p50_ms']} ms" if totals["gap_p50_ms"] is not None else ""
    over = f", median own overhead {totals['overhead_p50_ms']} ms" if totals["overhead_p50_ms"] is not None else ""
    print(f"\n{totals['turns']} turns in {summary.duration_ms / 1000:.1f} s{gap}{over}")
    if args.out is not None:
        print(f"the call is in {args.out}")
    if args.record is not None:
        print(f"recorded in {args.record}; see it with: vivavoce explain {args.record}")
