"""What users write: who the agent is, what it can do, and what the program wants to hear of its calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ...core.errors import BadInput
from ...core.policy import PRESETS, Policy, changed
from ...runtime.engines import AgentConfig, Engines
from ...runtime.tools import OnNotice
from . import builtins, hooks
from .call import Call
from .mcp import Given as McpServer
from .mcp import place_of
from .names import EngineNames
from .tool import FunctionTool, function_tool

if TYPE_CHECKING:
    from .names import Names
    from .simulate import Simulated

F = TypeVar("F", bound=Callable[..., Any])
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
LONG_INSTRUCTIONS = 6_000
"""Characters of instructions from which a language model takes noticeably longer to begin."""
BRIEF = (
    "You speak with a person over audio. Answer in one to three short spoken sentences, without lists, headings or "
    "emoji; say numbers and names as one says them. Ask one question at a time."
)
"""Added to the instructions unless `brief=False`."""


class Agent:
    """Somebody to talk with. One object serves any number of calls; see docs/agents.md.

    ```
    agent = Agent("You are a curt British butler.", voice="george", greeting="Good evening.")
    ```
    """

    def __init__(
        self,
        instructions: str = "You are Viva, the voice of the Vivavoce engine.",
        *,
        name: str = "agent",
        voice: str = "",
        greeting: str = "",
        speed: float = 1.0,
        llm: Names = "",
        stt: Names = "",
        tts: Names = "",
        turn: Names = "",
        language: str = "en",
        pronounce: Mapping[str, str] | None = None,
        expect: Iterable[str] = (),
        tools: Iterable[Callable[..., Any] | FunctionTool] = (),
        builtin: Iterable[str] = (),
        handoffs: Iterable[Agent] = (),
        mcp: Iterable[McpServer] = (),
        policy: str | Policy | Mapping[str, Any] = "browser",
        brief: bool = True,
        max_tokens: int | None = None,
    ) -> None:
        """`llm`, `stt`, `tts`: engines by name, as `openai:gpt-5-mini` or `deepgram:nova-3`, or objects of your own; of
        several, later ones stand in for earlier ones that fail. `turn`: a turn model, as `smart-turn`, or `none`; that
        of the agent who is called is that of the whole call. `expect`: phrases that callers are likely to say.
        `builtin`: `hang_up`, `transfer`. `handoffs`: agents that this one may hand the caller to. `mcp`: servers with
        tools: an address, a command, or a mapping of one of them with its `headers` or `env`. `policy`: a preset, a
        policy, or keys to change. `brief=False`: the instructions as they are.

        Raises BadInput, naming the argument and the fix.
        """
        if not _NAME.fullmatch(name):
            raise BadInput(f"{name!r} is no name for an agent; fix: use letters, digits, '-', '_' and '.'")
        if not isinstance(instructions, str) or not instructions.strip():
            raise BadInput("an agent needs instructions; fix: say who it is and what it does, in words")
        if not 0.5 <= speed <= 2.0:
            raise BadInput(f"speed is from 0.5 to 2, not {speed:g}")
        self.name = name
        self.instructions = instructions
        self.voice = voice
        self.greeting = greeting
        self.speed = speed
        self.engines = EngineNames.of(llm, stt, tts, turn)
        self.language = language
        self.pronounce = dict(pronounce or {})
        self.expect = tuple(expect)
        self.mcp = tuple(map(place_of, [mcp] if isinstance(mcp, str) else mcp))
        self.policy = _policy(policy)
        self.brief = brief
        self.max_tokens = max_tokens
        self.tools: dict[str, FunctionTool] = {}
        self.handoffs: dict[str, Agent] = {}
        self._hooks: dict[str, list[Callable[..., Any]]] = {}
        for given in tools:
            self._add(given if isinstance(given, FunctionTool) else function_tool(given))
        for wanted in builtin:
            self._add(builtins.named(wanted))
        for other in handoffs:
            self.hand_off_to(other)

    # what it can do

    @overload
    def tool(self, function: F) -> F: ...

    @overload
    def tool(self, **options: Any) -> Callable[[F], F]: ...

    def tool(self, function: F | None = None, **options: Any) -> F | Callable[[F], F]:
        """Let the model call a typed function, synchronous or not; its docstring is what the model is told.

        Options: `name`, `description`; `read_only` (it may run for an answer that is not certain yet); `timeout` in
        seconds (30); `on_interrupt`: `finish` (runs on when the caller interrupts), `abandon` or `block` (nobody
        interrupts it); `filler`, said when it takes long. A parameter of type `Call` gets the call. Raises BadInput,
        naming the argument and the fix.
        """
        if function is not None:
            self._add(function_tool(function))
            return function

        def add(given: F) -> F:
            self._add(function_tool(given, **options))
            return given

        return add

    def hand_off_to(self, other: Agent) -> None:
        """Let the model hand the caller to another agent."""
        self._add(builtins.handoff(other))
        self.handoffs[other.name] = other

    def on(self, event: str) -> Callable[[F], F]:
        """Call a function, synchronous or not, with what happens (and, if it takes two arguments, the `Call`): see
        `HOOKS` in app/agent/hooks.py. It runs beside the call: it can neither delay nor break it."""
        hooks.check(event)

        def add(function: F) -> F:
            self._hooks.setdefault(event, []).append(function)
            return function

        return add

    def _add(self, tool: FunctionTool) -> None:
        name = tool.tool.name
        if name in self.tools:
            raise BadInput(f"agent {self.name} has two tools {name!r}; fix: give one of them another name")
        self.tools[name] = tool

    # where it speaks

    def run(self, *options: str) -> None:
        """Serve it: the page, and the Realtime endpoint. `options` as those of `vivavoce serve`."""
        from .run import serve

        serve([self], options)

    def simulate(self, *turns: Any, **options: Any) -> Simulated:
        """A call on a virtual clock, without a network: see `simulate.simulate`."""
        from .simulate import simulate

        return simulate(self, *turns, **options)

    # for whoever runs a call

    def reachable(self) -> dict[str, Agent]:
        """This agent and all to whom the caller may be handed, by name. Raises BadInput for two of one name."""
        found: dict[str, Agent] = {}
        waiting: list[Agent] = [self]
        while waiting:
            agent = waiting.pop()
            if found.setdefault(agent.name, agent) is not agent:
                raise BadInput(f"two agents are called {agent.name!r}; fix: give one of them another name")
            waiting += [other for other in agent.handoffs.values() if found.get(other.name) is not other]
        return found

    def config(self, call: Call, voice: str, engines: Engines | None = None) -> AgentConfig:
        """The agent in one call, with a voice of its synthesiser."""
        return AgentConfig(
            self.full_instructions(),
            voice,
            name=self.name,
            speed=self.speed,
            greeting=self.greeting,
            tools=tuple(tool.bound(call) for tool in self.tools.values()),
            max_tokens=self.max_tokens,
            engines=engines,
            expect=self.expect,
            language=self.language,
            pronounce=tuple(self.pronounce.items()),
        )

    def full_instructions(self) -> str:
        return f"{self.instructions}\n\n{BRIEF}" if self.brief else self.instructions

    def listeners(self, call: Call) -> Sequence[OnNotice]:
        """What tells the program of one call."""
        return (hooks.listener(self._hooks, call),) if self._hooks else ()

    def warnings(self) -> list[str]:
        """What will make it slow, in words."""
        size = len(self.full_instructions())
        if size <= LONG_INSTRUCTIONS:
            return []
        return [f"agent {self.name}: {size} characters of instructions make every answer begin later; shorten them"]


def _policy(given: str | Policy | Mapping[str, Any]) -> Policy:
    """Raises BadInput for an unknown preset, key or value."""
    if isinstance(given, Policy):
        return given
    if isinstance(given, str):
        if given not in PRESETS:
            raise BadInput(f"there is no policy {given!r}; fix: choose one of {', '.join(PRESETS)}")
        return PRESETS[given]
    settings = dict(given)
    return changed(_policy(settings.pop("preset", "browser")), settings)
