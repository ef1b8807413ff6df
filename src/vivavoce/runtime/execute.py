"""Carries out what the core commands. Decides nothing: whom to ask, what to say and when to stop was decided before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..core.commands import (
    Become,
    Bind,
    Cancel,
    CancelTool,
    Command,
    Duck,
    EndCall,
    FinishWords,
    Flush,
    Generate,
    Hold,
    Listen,
    Release,
    Report,
    Resume,
    Role,
    RunTool,
    ScoreTurn,
    Seal,
    Speak,
    Tell,
    Usage,
)
from ..core.errors import Misuse
from ..core.events import (
    Event,
    ProviderFailed,
    ReplyAudioEnded,
    ReplyText,
    ReplyTextEnded,
    ToolAsked,
    Used,
)
from ..providers.base import Ask, CutShort, Llm, LlmOutput, Post, ProviderError, TextDelta, ToolCall
from .engines import AgentConfig, Engines
from .hear import Ears
from .playout import Playout
from .scoring import Scoring
from .speaker import Speaker
from .spoken import Hygiene
from .supervise import Guarded, Scope
from .tools import Tools

MAX_CHARS = 100_000
"""Text of one reply."""


@dataclass(slots=True)
class _Work:
    """What is being done for one reply."""

    speaker: Speaker
    agent: AgentConfig
    asked: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    """The requests to language models, by their attempts."""
    chars: int = 0
    dead: bool = False


class Executor:
    """One session's hands. `execute` never blocks; what takes time runs as a task of the scope and answers by `post`.

    `tell`, `report`, `end`, `become` and `listen` carry out the commands that concern the session itself.
    """

    def __init__(
        self,
        engines: Engines,
        agent: AgentConfig,
        playout: Playout,
        ears: Ears,
        tools: Tools,
        scope: Scope,
        post: Post,
        tell: Callable[[Tell], None],
        report: Callable[[Report], None],
        end: Callable[[EndCall], None],
        become: Callable[[str], None],
        listen: Callable[[int, int], None],
        speakers: Mapping[str, AgentConfig],
    ) -> None:
        self._engines = engines
        self._agent = agent
        self._playout = playout
        self._ears = ears
        self._tools = tools
        self._scope = scope
        self._post = post
        self._tell = tell
        self._report = report
        self._end = end
        self._become = become
        self._listen = listen
        self._speakers = speakers
        self._works: dict[int, _Work] = {}
        self._asked_of: dict[str, AgentConfig] = {}
        """Who is to speak in the replies that were asked for by name and have not begun."""
        self._calls: set[str] = set()
        """Names of tool calls given so far."""
        self._scoring = None if engines.turn is None else Scoring(engines.turn, ears.recent, post, scope.spawn)

    def execute(self, command: Command) -> None:
        """Begin to carry out a command. Raises Misuse for one that this session cannot be given."""
        match command:
            case Tell():
                self._tell(command)
            case Speak(reply, part, text, _, attempt, engine, speaker):
                self._work(reply, self._speakers.get(speaker)).speaker.speak(part, text, attempt, engine)
            case Generate():
                self._generate(command)
            case Release(reply, aside=aside, pause_ms=pause_ms):
                self._playout.release(reply, aside, pause_ms)
            case Seal(reply, trim=trim):
                self._seal(reply, trim)
            case Hold(reply):
                self._playout.hold(reply)
            case Resume(reply):
                self._playout.resume(reply)
            case Duck(reply, db):
                self._playout.duck(reply, db)
            case Flush(reply, samples):
                self._playout.flush(reply, samples)
            case Cancel(reply, attempt=attempt):
                self._cancel(reply, attempt)
            case FinishWords(_, upto):
                self._ears.finish(upto)
            case ScoreTurn():
                if self._scoring is not None:
                    self._scoring.ask(command)
            case RunTool(_, call, name, arguments):
                self._tools.run(call, name, arguments)
            case CancelTool(call):
                self._tools.cancel(call)
            case Report():
                self._report(command)
            case EndCall():
                self._end(command)
            case Listen(engine, since):
                self._listen(engine, since)
            case Become(agent):
                self._become(agent)
            case Bind():
                raise Misuse("a remote engine's answer was announced, but this session has no such engine")

    def configure(self, agent: AgentConfig, ref: str = "") -> None:
        """From now on this agent speaks, or only in the reply that is asked for as `ref`."""
        if ref:
            self._asked_of[ref] = agent
        else:
            self._agent = agent

    def forget(self, ref: str) -> None:
        """No reply will be made as `ref`."""
        self._asked_of.pop(ref, None)

    def after(self, event: Event) -> None:
        """Called when an event and all its commands are done: a part may follow the one that ended, a voice begin."""
        self._playout.begin()
        if isinstance(event, ReplyAudioEnded) and event.reply in self._works:
            self._works[event.reply].speaker.ended(event.part)

    # the language model

    def _generate(self, command: Generate) -> None:
        known = self._works.get(command.reply)
        agent = known.agent if known is not None else self._asked_of.pop(command.ref, self._agent)
        agent = self._speakers.get(command.speaker, agent)
        instructions = agent.instructions if command.instructions is None else command.instructions
        tools = tuple(t.tool for t in agent.tools)
        ask = Ask(instructions, command.items, tools, agent.tool_choice, agent.max_tokens)
        work = self._work(command.reply, agent)
        llms = (agent.engines or self._engines).llms
        llm, attempt = llms[min(command.engine, len(llms) - 1)], command.attempt
        name = f"generation of reply {command.reply}"
        work.asked[attempt] = self._scope.spawn(self._stream(command.reply, work, llm, ask, attempt), name)

    async def _stream(self, reply: int, work: _Work, llm: Llm, ask: Ask, attempt: int) -> None:
        short = ""
        try:
            async with Guarded(lambda: llm.stream(ask), LlmOutput) as outputs:
                async for output in outputs:
                    if work.dead:
                        return
                    if isinstance(output, CutShort):
                        short = output.reason
                        continue
                    self._take(reply, work, output, attempt)
                    # A model that has everything at once must not keep the loop from the audio.
                    await asyncio.sleep(0)
        except ProviderError as error:
            if not work.dead:
                self._post(ProviderFailed(Role.LLM, error.code, error.detail, reply, attempt=attempt))
            return
        if not work.dead:
            self._post(ReplyTextEnded(reply, short, attempt))

    def _take(self, reply: int, work: _Work, output: TextDelta | ToolCall | Usage, attempt: int) -> None:
        match output:
            case TextDelta(text):
                work.chars += len(text)
                if work.chars > MAX_CHARS:
                    raise ProviderError("overflow", f"the answer is longer than {MAX_CHARS} characters")
                self._post(ReplyText(reply, text, attempt))
            case ToolCall(call, name, arguments):
                self._post(ToolAsked(reply, self._unique(reply, call), name, arguments, attempt))
            case Usage():
                self._post(Used(output, reply))

    def _unique(self, reply: int, call: str) -> str:
        """Models repeat the ids of calls from one request to the next; here each call has a name of its own."""
        name, n = call or f"call_{reply}", 1
        while name in self._calls:
            name = f"{call or 'call'}_{reply}" if n == 1 else f"{call or 'call'}_{reply}_{n}"
            n += 1
        self._calls.add(name)
        return name

    # replies

    def _work(self, reply: int, agent: AgentConfig | None = None) -> _Work:
        if reply not in self._works:
            agent = agent or self._agent
            ttss = (agent.engines or self._engines).ttss
            hygiene = Hygiene(agent.language, agent.pronounce) if agent.hygiene else None
            speaker = Speaker(
                reply, ttss, agent.voice, agent.speed, self._playout, self._post, self._scope.spawn, hygiene
            )
            self._works[reply] = _Work(speaker, agent)
        return self._works[reply]

    def _seal(self, reply: int, trim: bool) -> None:
        work = self._works.pop(reply, None)
        if work is not None and work.speaker.spoke:
            self._playout.end(reply, trim)

    def _cancel(self, reply: int, attempt: int | None) -> None:
        if attempt is not None:
            if (known := self._works.get(reply)) is not None and attempt in known.asked:
                known.asked.pop(attempt).cancel()
            return
        self._playout.end(reply)
        work = self._works.pop(reply, None)
        if work is None:
            return
        work.dead = True
        work.speaker.end()
        for asked in work.asked.values():
            asked.cancel()
