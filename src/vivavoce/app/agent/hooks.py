"""What a program may want to hear of a call, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core import notices as n
from ...core.commands import Report, Why
from ...core.errors import BadInput
from ...runtime.tools import CallBegan, CallOver, Happening, OnNotice
from .call import Call


@dataclass(frozen=True, slots=True)
class Hook:
    """One event that can be listened to."""

    kind: type
    meaning: str
    ending: n.Ending | None = None
    """Only replies that ended so."""

    def means(self, happening: Happening) -> bool:
        if not isinstance(happening, self.kind):
            return False
        return self.ending is None or (isinstance(happening, n.ReplyClosed) and happening.ending is self.ending)


HOOKS: Mapping[str, Hook] = {
    "call_started": Hook(CallBegan, "the call begins"),
    "user_started": Hook(n.UserStarted, "the caller begins to speak"),
    "user_stopped": Hook(n.UserStopped, "the caller fell silent; the turn may go on"),
    "words": Hook(n.UserSaid, "the caller's words so far"),
    "turn": Hook(n.UserTurned, "the caller's turn is over and in the history"),
    "dropped": Hook(n.UserDropped, "what was heard was no turn: a cough, an uh-huh"),
    "key": Hook(n.UserPressed, "the caller pressed a key"),
    "agent_started": Hook(n.ReplyAudible, "the agent's voice begins to sound"),
    "heard": Hook(n.ReplyClosed, "an answer is over: its words, and those that were heard"),
    "reply_done": Hook(n.ReplyClosed, "an answer was heard to its end", n.Ending.DONE),
    "interruption": Hook(n.ReplyClosed, "an answer was cut off", n.Ending.CUT),
    "tool_started": Hook(n.ToolStarted, "the model calls a tool"),
    "tool": Hook(n.ToolSettled, "a tool answered, or failed"),
    "report": Hook(n.TurnReport, "one exchange, complete, with its milliseconds and its cost"),
    "handed_off": Hook(n.AgentChanged, "another agent takes over"),
    "transfer": Hook(n.Transferring, "the caller is passed on"),
    "error": Hook(Report, "something went wrong that an operator should see"),
    "call_ended": Hook(CallOver, "the call is over"),
}


def check(event: str) -> None:
    """Raises BadInput for an event that does not exist."""
    if event not in HOOKS:
        raise BadInput(f"there is no event {event!r}; fix: choose one of {', '.join(HOOKS)}")


def listener(functions: Mapping[str, Sequence[Callable[..., Any]]], call: Call) -> OnNotice:
    """Tells the functions of one agent what happens in one call."""
    table = [(HOOKS[event], function, _wants_call(function)) for event, many in functions.items() for function in many]

    async def tell(now: int, happening: Happening, why: Why) -> None:
        for hook, function, wants_call in table:
            if hook.means(happening):
                result = function(happening, call) if wants_call else function(happening)
                if inspect.isawaitable(result):
                    await result

    return tell


def _wants_call(function: Callable[..., Any]) -> bool:
    """Does it take the call as its second argument?"""
    parameters = inspect.signature(function).parameters.values()
    needed = [p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(needed) > 1
