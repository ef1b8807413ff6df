"""`vivavoce bridge`: two agents, an agent and a foreign server, or two servers talk with each other."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..audio.pcm import Pcm
from ..core.commands import Command, Report, Tell
from ..core.errors import BadInput
from ..core.events import Event, ProviderFailed
from ..core.notices import ReplyAudible, ReplyClosed
from ..core.units import out_ms
from ..runtime.clock import run as run_loop
from ..runtime.observe import Observer
from ..transports.bridge import Wire, relay
from ..transports.realtime_client import Address, RealtimeClient, ServerFailed, dialled
from ..wire.openai_realtime.caller import Began, Said
from . import embedded
from .agent.agent import Agent
from .agent.load import load_agents
from .agent.run import Models, cast_of, everybody, models_of, on_sides, served
from .agent.served import session_of
from .duet.export import markdown
from .duet.stage import Line
from .engines import works_here
from .tracks import Tracks, check_writable

SIDES = ("left", "right")
KEY = "OPENAI_API_KEY"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    who = "APP.py, or ws://HOST:PORT/v1/realtime?model=NAME"
    parser.add_argument("left", metavar="LEFT", help=f"who calls: {who}")
    parser.add_argument("right", metavar="RIGHT", help="who is called, in the same way")
    parser.add_argument(
        "--seconds", type=float, default=60.0, metavar="N", help="hang up after N s (default %(default)g)"
    )
    parser.add_argument(
        "--begin", default="", metavar="TEXT", help="LEFT's first words; a server is asked them instead"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.wav", help="write the sound, each on its own side")
    parser.add_argument("--transcript", type=Path, metavar="FILE.md", help="write the words with their times")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each turn, and a summary")


Agents = dict[str, Agent]
"""Whoever is called, and those to whom they may hand over."""
Side = Agents | Address


def run(args: argparse.Namespace) -> int:
    sides = [_side(text) for text in (args.left, args.right)]
    _check(args)
    notes = _who_begins(sides, args.begin)
    env = dict(os.environ)
    models, about = models_of(list(_all_agents(sides).values()), env)
    for note in () if args.json else (*about, *notes):
        if note:
            print(note, file=sys.stderr)
    realtime = any(isinstance(side, Address) for side in sides)
    realtime = realtime or not all(works_here(names, llms) for names, llms in models.items())
    talk = Talk(args.json, args.out)
    try:
        run_loop(_play(sides, models, env, talk, args.begin, args.seconds), realtime=realtime)
    finally:
        if talk.samples:
            _write(args, talk)
    return _end(args, talk)


def _side(text: str) -> Side:
    """Raises BadInput."""
    if "://" in text:
        return Address.of(text, os.environ.get(KEY, ""))
    return everybody(load_agents(Path(text)))


def _check(args: argparse.Namespace) -> None:
    """Raises BadInput for what can be known to be wrong before anything is opened."""
    if not 1 <= args.seconds <= 86_400:
        raise BadInput(f"--seconds must be from 1 to 86400, not {args.seconds:g}")
    for path in (args.out, args.transcript):
        if path is not None:
            check_writable(path)


def _all_agents(sides: Sequence[Side]) -> Agents:
    return on_sides({SIDES[n]: side for n, side in enumerate(sides) if not isinstance(side, Address)})


def _who_begins(sides: Sequence[Side], begin: str) -> list[str]:
    """One of two agents greets: LEFT if its words are given, else who was called. Raises BadInput where nobody does."""
    left, right = (None if isinstance(side, Address) else next(iter(side.values())) for side in sides)
    if begin:
        for agent, words in ((left, begin), (right, "")):
            if agent is not None:
                agent.greeting = words
    elif left is not None and right is not None:
        if not (left.greeting or right.greeting):
            raise BadInput("neither agent has a greeting; fix: say who begins with --begin TEXT")
        if right.greeting:
            left.greeting = ""
    elif not any(agent.greeting for agent in (left, right) if agent is not None):
        return ["If neither side greets the other, --begin TEXT says what LEFT begins with."]
    return []


@dataclass
class Talk:
    """Who said what and when, and how it ended. Lines are printed when they are over."""

    as_json: bool
    out: Path | None = None
    """Where the sound is to be written."""
    tracks: Tracks | None = None
    """Once there is any."""
    lines: list[Line] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    """What an operator should see."""
    ended: str = ""
    """Why: `time`, `left` or `right` (who hung up), `stopped` (Ctrl-C) or `failed`."""
    samples: int = 0
    """Of the call (24 kHz)."""
    position: Callable[[], int] = lambda: 0
    """The sample of the call at which what is said now is heard."""
    _open: dict[tuple[int, str], Line] = field(default_factory=dict)
    _heard: list[int] = field(default_factory=lambda: [0, 0])

    def sound(self, side: int, pcm: Pcm) -> None:
        """The next samples of a side."""
        if self.tracks is None and self.out is not None:
            self.tracks = Tracks(self.out, stereo=True)
        at = self._heard[side]
        self._heard[side] += pcm.size
        self.samples = max(self.samples, *self._heard)
        if self.tracks is not None:
            if side:
                self.tracks.played(at, pcm)
            else:
                self.tracks.said(pcm)

    def began(self, side: int, key: str) -> None:
        self._open[side, key] = Line(SIDES[side], start=self.position())

    def said(self, side: int, key: str, text: str, heard: str) -> None:
        """An answer that had begun is over."""
        line = self._open.pop((side, key), None)
        if line is None or not heard:
            return
        line.text, line.heard, line.interrupted, line.end = text, heard, heard != text, self.position()
        self.lines.append(line)
        if self.as_json:
            row = {"turn": len(self.lines), "side": line.speaker, "text": heard, "at_ms": out_ms(line.start)}
            print(json.dumps(row | {"interrupted": line.interrupted}), flush=True)
        else:
            unheard = f" [not heard: {text[len(heard) :].strip()}]" if line.interrupted else ""
            print(f"{out_ms(line.start) / 1000:7.2f} {line.speaker:<5} {heard}{unheard}", flush=True)

    def report(self, side: int, detail: str) -> None:
        self.reports.append(f"{SIDES[side]}: {detail}")
        if not self.as_json:
            print(f"vivavoce: {self.reports[-1]}", file=sys.stderr)


class _Agent(Observer):
    """Tells of one side's agent."""

    def __init__(self, talk: Talk, side: int) -> None:
        self._talk = talk
        self._side = side

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case Tell(notice=ReplyAudible(reply)):
                    self._talk.began(self._side, str(reply))
                case Tell(notice=ReplyClosed(reply, _, text, heard)):
                    self._talk.said(self._side, str(reply), text, heard)
                case Report():
                    self._talk.report(self._side, f"{command.role.value}: {command.code}: {command.detail}")
                case _:
                    pass


Call = Callable[[], Coroutine[Any, Any, object]]
"""One side's part of the call, to its end."""


async def _play(
    sides: Sequence[Side], models: Models, env: dict[str, str], talk: Talk, begin: str, seconds: float
) -> None:
    """Raises ServerFailed for a server that cannot be called, and whatever the engines of agents raise."""
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(served(_all_agents(sides), models, env))
        wire = Wire(talk.sound)
        talk.position = lambda: wire.position
        calls: list[Call] = []
        for number, (side, end) in enumerate(zip(sides, wire.ends, strict=True)):
            if isinstance(side, Address):
                client = _server(side, talk, number)
                stack.push_async_callback(client.close)
                try:
                    await client.open()
                except ServerFailed as error:
                    raise ServerFailed(error.code, f"{SIDES[number]}: {error}") from error
                if begin and number == 0:
                    client.ask(begin)
                calls.append(partial(relay, end, client))
            else:
                cast = cast_of(found, SIDES[number], side)
                expect = embedded.expected(cast.now.engines.llm)
                calls.append(session_of(cast, end, [_Agent(talk, number)], expect).run)
        await _until_over(calls, wire, talk, seconds)


def _server(address: Address, talk: Talk, number: int) -> RealtimeClient:
    def spoke(speech: Began | Said) -> None:
        if isinstance(speech, Began):
            talk.began(number, speech.item)
        else:
            talk.said(number, speech.item, speech.text, speech.heard)

    def post(event: Event) -> None:
        if isinstance(event, ProviderFailed):
            talk.report(number, f"{event.code}: {event.detail}")

    client = RealtimeClient(dialled(address), spoke)
    client.attach(post)
    return client


async def _until_over(calls: Sequence[Call], wire: Wire, talk: Talk, seconds: float) -> None:
    """Both calls at once, until one side is gone, the time is up, or Ctrl-C. Then the line hangs up, by which the other
    side comes to its own end."""

    async def limit() -> None:
        await wire.begun()
        await asyncio.sleep(seconds)

    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(call(), name=name) for call, name in zip(calls, SIDES, strict=True)]
    clock = loop.create_task(limit(), name="time")
    try:
        await asyncio.wait((*tasks, clock), return_when=asyncio.FIRST_COMPLETED)
        talk.ended = "time" if wire.hung_up is None else SIDES[wire.hung_up]
    except asyncio.CancelledError:
        # Ctrl-C hangs up; what was said is still written.
        talk.ended = "stopped"
    await wire.close()
    clock.cancel()
    await asyncio.wait((*tasks, clock))
    errors = [task.exception() for task in tasks]
    for number, error in enumerate(errors):
        if isinstance(error, ServerFailed):
            talk.ended = "failed"
            talk.report(number, f"{error.code}: {error}")
        elif error is not None:
            raise error


def _write(args: argparse.Namespace, talk: Talk) -> None:
    """Raises BadInput for files that cannot be written after all."""
    try:
        if talk.tracks is not None:
            talk.tracks.close()
        if args.transcript is not None:
            lines = sorted(talk.lines, key=lambda line: line.start)
            about = "\n".join(f"{label}: {text}" for label, text in zip(SIDES, (args.left, args.right), strict=True))
            args.transcript.write_text(markdown(about, lines), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot write {error.filename}: {error.strerror}; fix: give another file") from error


def _end(args: argparse.Namespace, talk: Talk) -> int:
    """1 where a server failed in the middle of the call."""
    duration = out_ms(talk.samples)
    if args.json:
        totals = {"turns": len(talk.lines), "duration_ms": duration, "ended": talk.ended, "reports": talk.reports}
        print(json.dumps({"summary": totals}), flush=True)
    else:
        print(f"\n{len(talk.lines)} turns in {duration / 1000:.1f} s; ended by: {talk.ended}")
        for name, path in (("sound", args.out), ("transcript", args.transcript)):
            if path is not None:
                print(f"the {name} is in {path}")
    return int(talk.ended == "failed")
