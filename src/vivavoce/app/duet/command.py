"""The command `vivavoce duet`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...audio.pcm import Pcm
from ...core.commands import Message
from ...core.conversation import Conversation
from ...core.errors import BadInput
from ...core.events import DuetBegun, ItemCreated
from ...core.policy import PRESETS, Policy, changed
from ...providers.base import Llm
from ...runtime.clock import run as run_loop
from ...runtime.session import Session, Summary
from ...transports.base import Transport
from ..agent.agent import Agent
from ..agent.call import Call
from ..agent.names import EngineNames
from ..agent.served import ServedAgent
from ..engines import choose_models, open_engines, works_here
from ..recording import load
from ..settings import policy_settings
from .debate import DebateLlm
from .export import captions, markdown, write_wav
from .listener import Listener
from .persona import EMBEDDED, load_persona
from .stage import Line, Stage

LONGEST_TOPIC = 20_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    known = ", ".join(EMBEDDED)
    parser.add_argument("--topic", type=Path, required=True, metavar="FILE", help="what they talk about, as text")
    parser.add_argument("--a", default="optimist", metavar="PERSONA", help=f"who begins: a TOML file, or {known}")
    parser.add_argument("--b", default="skeptic", metavar="PERSONA", help="who answers")
    parser.add_argument("--turns", type=int, default=12, metavar="N", help="answers in all (default 12)")
    parser.add_argument("--gap", default="0", metavar="MS", help="silence between answers: ms, or natural (default 0)")
    parser.add_argument("--out", type=Path, metavar="FILE.wav", help="write the sound, each voice on its own side")
    parser.add_argument("--mixed", action="store_true", help="with --out: both voices in one")
    parser.add_argument("--transcript", type=Path, metavar="FILE", help="write the words: .md, or .vtt for captions")
    parser.add_argument("--realtime", action="store_true", help="take as long as the voices do")
    parser.add_argument("--speakers", action="store_true", help="hear it, and cut in by the microphone")
    parser.add_argument(
        "--in",
        dest="cuts",
        action="append",
        default=[],
        metavar="FILE.wav@S",
        help="a recording that cuts in after S s",
    )
    parser.add_argument("--expect", action="append", default=[], metavar="WORDS", help="a phrase that it may well say")
    parser.add_argument("--policy", action="append", default=[], metavar="KEY=VALUE", help="change one setting")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each answer, and a summary")


def run(args: argparse.Namespace) -> int:
    topic = _topic(args.topic)
    policy = _policy(args)
    cuts = [_cut(text) for text in args.cuts]
    agents = load_persona(args.a), load_persona(args.b)
    if agents[0].name == agents[1].name:
        raise BadInput(f"both personas are called {agents[0].name}; fix: give one of them another name")
    models, notes = _models(agents)
    if agents[0].voice == agents[1].voice:
        notes.append(f"Both have the voice {agents[0].voice!r}, and will be hard to tell apart.")
    for note in () if args.json else notes:
        print(note, file=sys.stderr)
    stage = Stage(_printer(args))
    realtime = args.realtime or args.speakers or not all(works_here(names, llms) for names, llms in models)
    summary = run_loop(_play(args, topic, policy, agents, models, stage, cuts), realtime=realtime)
    _end(args, topic, agents, stage, summary)
    return 0


def _topic(path: Path) -> str:
    """Raises BadInput."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}; fix: give a text file") from None
    if not text:
        raise BadInput(f"{path} is empty; fix: write what they are to talk about")
    return text[:LONGEST_TOPIC]


def _cut(text: str) -> tuple[float, Pcm]:
    """A recording, and when it cuts in. Raises BadInput."""
    name, mark, seconds = text.rpartition("@")
    try:
        at = float(seconds)
    except ValueError:
        at = -1.0
    if not mark or at < 0:
        raise BadInput(f"--in is a recording and when it cuts in, as question.wav@7.5; not {text!r}")
    return at, load(Path(name)).pcm


def _policy(args: argparse.Namespace) -> Policy:
    """Raises BadInput."""
    if args.turns < 1:
        raise BadInput(f"--turns must be 1 or more, not {args.turns}")
    if args.gap == "natural":
        settings: dict[str, Any] = {"duet.natural": True}
    elif args.gap.isdecimal():
        settings = {"duet.gap_ms": int(args.gap)}
    else:
        raise BadInput(f"--gap is a number of ms, or natural; not {args.gap!r}")
    return changed(PRESETS["browser"], settings | policy_settings(args.policy))


Models = list[tuple[EngineNames, tuple[Llm, ...]]]


def _models(agents: tuple[Agent, Agent]) -> tuple[Models, list[str]]:
    """The mind of each: what it asks for, what the environment has, or the script."""
    env, notes = dict(os.environ), []
    found: Models = []
    for number, agent in enumerate(agents):
        names = agent.engines.otherwise(env)
        if names.llm:
            llms, about = choose_models(names, env)
            found.append((names, llms))
            notes.append(f"{agent.name}: {about}")
        else:
            found.append((names, (DebateLlm(hopeful=number == 0),)))
            notes.append(f"{agent.name} is a small script and not a language model; set VIVAVOCE_LLM=PROVIDER:MODEL.")
    return found, notes


def _printer(args: argparse.Namespace) -> Any:
    def show(number: int, line: Line) -> None:
        if args.json:
            shown = {"turn": number, "speaker": line.speaker, "agent_text": line.heard, "gap_ms": line.gap_ms}
            hops = [{"name": name, "ms": ms} for name, ms in line.hops]
            print(json.dumps(shown | {"interrupted": line.interrupted, "hops": hops, "cost": line.cost}), flush=True)
        else:
            gap = "" if line.gap_ms is None else f"  [gap {line.gap_ms} ms]"
            print(f"{line.speaker}: {line.heard}{gap}", flush=True)

    return show


async def _play(
    args: argparse.Namespace,
    topic: str,
    policy: Policy,
    agents: tuple[Agent, Agent],
    models: Models,
    stage: Stage,
    cuts: list[tuple[float, Pcm]],
) -> Summary:
    (first, llms_a), (second, llms_b) = models
    async with (
        open_engines(first, llms_a, ears=args.speakers or bool(cuts)) as engines_a,
        open_engines(second, llms_b, ears=False) as engines_b,
    ):
        served = [ServedAgent(agent, engines) for agent, engines in zip(agents, (engines_a, engines_b), strict=True)]
        for one in served:
            one.check()
        expect = tuple(args.expect)
        configs = {one.agent.name: replace(one.config(Call(one.agent)), greeting="", expect=expect) for one in served}
        transport: Transport = Listener(cuts)
        if args.speakers:
            from ...transports.mic import open_microphone

            transport = open_microphone()
        session = Session(
            Conversation(policy, {}), engines_a, configs[agents[0].name], transport, [stage], speakers=configs
        )
        asyncio.get_running_loop().call_soon(_begin, session, topic, agents, args.turns)
        return await session.run()


def _begin(session: Session, topic: str, agents: tuple[Agent, Agent], turns: int) -> None:
    session.post(ItemCreated(Message("topic", "user", topic)))
    session.post(DuetBegun(agents[0].name, agents[1].name, turns))


def _end(args: argparse.Namespace, topic: str, agents: tuple[Agent, Agent], stage: Stage, summary: Summary) -> None:
    speakers = (agents[0].name, agents[1].name)
    if args.out is not None:
        write_wav(args.out, stage.pcm, stage.lines, speakers, args.mixed)
    if args.transcript is not None:
        vtt = args.transcript.suffix == ".vtt"
        args.transcript.write_text(captions(stage.lines) if vtt else markdown(topic, stage.lines), encoding="utf-8")
    gaps = sorted(line.gap_ms for line in stage.lines if line.gap_ms is not None)
    totals = {
        "turns": len(stage.lines),
        "duration_ms": summary.duration_ms,
        "gap_p50_ms": gaps[len(gaps) // 2] if gaps else None,
        "gap_max_ms": gaps[-1] if gaps else None,
        "ended": summary.reason,
        "reports": [f"{r.role.value}: {r.code}: {r.detail}" for r in summary.reports],
    }
    if args.json:
        print(json.dumps({"summary": totals}))
        return
    median, longest = totals["gap_p50_ms"], totals["gap_max_ms"]
    print(f"\n{len(stage.lines)} answers in {summary.duration_ms / 1000:.1f} s; gap {median} ms, at most {longest} ms")
    for name, path in (("sound", args.out), ("transcript", args.transcript)):
        if path is not None:
            print(f"the {name} is in {path}")
