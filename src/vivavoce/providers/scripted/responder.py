"""The embedded responder: an answer from a script, as a pure function of the request; and its `Llm` face.

It is not a language model. Everything it knows of a conversation it reads out of `Ask.items`, so the same request
always gets the same answer, and an interrupted answer can be made again to go on where it was cut.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ...core.commands import Call, Item, Message, Result, Role, Usage
from ...core.lexicon import ENGLISH, normalise
from ..base import Ask, CutShort, LlmOutput, TextDelta, Tool, ToolCall
from .handlers import keep, meet, nudge, question, recall_for, request, say, statement
from .intents import classify, exactly
from .persona import read_persona
from .results import read_out
from .resume import just_interrupted
from .sums import half_a_sum, work_out
from .tools import Plan, ask_for, choose_tool, complete, open_question, plan, spoken_name
from .turn import Turn
from .understand import clean, content, is_gibberish, is_question

MODEL = "offline:script"
_DELTA = re.compile(r"\s*\S+")
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_DEEPEST = 24
"""How many interrupted answers in a row are made again to find where the first one was cut."""
_COMMANDS_FIRST = frozenset({"stop", "wait", "continue", "repeat", "yes", "no", "thanks"})
"""Whole utterances that never mean a tool, though one may be named alike."""
_ABOUT_THE_ANSWER = frozenset(
    {"stop", "wait", "continue", "repeat", "no", "bye", "thanks", "slower", "louder", "story", "yes", "ack", "my_words"}
)
"""Intents after which it would be odd to ask whether the interrupted answer should go on."""
_IMPERATIVES = frozenset(
    """
    play call turn open close send book order write read show search find buy set start switch put bring draw
    translate explain describe google remind schedule make cook sing dance calculate spell email text ask
    """.split()
)
_ASKING = re.compile(r"^(?:can|could|will|would) you (?:please )?(?:\w+ly )?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say, or the tools to call."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()


class ScriptedLlm:
    """`Llm` over the script. `delay` seconds pass between two words of an answer, by default none.

    Usage is metered in words: `input_tokens` counts the words of the request, `output_tokens` those of the answer.
    """

    model = MODEL

    def __init__(
        self,
        name: str = "Viva",
        *,
        clock: Callable[[], datetime] = datetime.now,
        seed: int = 0,
        delay: float = 0.0,
    ) -> None:
        self.name = name
        self._clock = clock
        self._seed = seed
        self._delay = delay

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        answer = respond(ask, self._clock(), seed=self._seed, name=self.name)
        for call in answer.calls:
            yield call
        pieces = _DELTA.findall(answer.text)
        limit = len(pieces) if ask.max_tokens is None else ask.max_tokens
        for piece in pieces[:limit]:
            if self._delay:
                await asyncio.sleep(self._delay)
            yield TextDelta(piece)
        if limit < len(pieces):
            yield CutShort("length")
        said = pieces[:limit] or [word for call in answer.calls for word in call.arguments.split()]
        amounts = (("input_tokens", float(_words_in(ask))), ("output_tokens", float(len(said))))
        yield Usage(Role.LLM, MODEL, amounts)

    async def close(self) -> None:
        """Nothing to close: the script holds no connection."""


def _words_in(ask: Ask) -> int:
    texts = [ask.instructions]
    for item in ask.items:
        match item:
            case Message():
                texts.append(item.text)
            case Call():
                texts.append(item.arguments)
            case Result():
                texts.append(item.output)
    return sum(len(t.split()) for t in texts)


def respond(ask: Ask, now: datetime, *, seed: int = 0, name: str = "Viva") -> Answer:
    """The answer to a request. `now` is the local time the clock shows; `name` is used unless the instructions
    give one."""
    if ask.tool_choice == "none":
        ask = replace(ask, tools=())
    elif ask.tool_choice not in ("auto", "required"):
        ask = replace(ask, tools=tuple(t for t in ask.tools if t.name == ask.tool_choice))
    answer = _respond(ask, now, seed, name, {}, 0)
    if ask.tool_choice == "auto" or answer.calls or not ask.tools:
        return answer
    # Some call was demanded: the first tool, with what can be made of the words.
    text = _utterance(_trailing_user_texts(ask.items))
    wish = plan(ask.tools[0], text)
    return Answer(calls=(ToolCall(f"call_{len(ask.items)}", wish.tool.name, wish.json()),))


def _respond(ask: Ask, now: datetime, seed: int, name: str, known: dict[int, str], depth: int) -> Answer:
    """`known`: answers made again so far, by their place in the history; `depth`: how deep such answers nest."""
    items = tuple(i for i in ask.items if not (isinstance(i, Message) and i.role == "system"))

    def said_at(index: int) -> str:
        if index not in known and depth < _DEEPEST:
            again = Ask(ask.instructions, items[:index], ask.tools)
            known[index] = _respond(again, now, seed, name, known, depth + 1).text
        return known.get(index, "")

    persona = read_persona(ask.instructions, name)
    if items and isinstance(items[-1], Result | Call):
        return Answer(_speak_results(items))
    trailing = _trailing_user_texts(items)
    before = items[: len(items) - len(trailing)]
    text = _utterance(trailing)
    turn = Turn(text, clean(text), before, persona, now, seed, said_at)
    return _to_user(turn, ask.tools) if trailing else Answer(nudge(turn))


def _trailing_user_texts(items: Sequence[Item]) -> list[str]:
    texts: list[str] = []
    for item in reversed(items):
        if not isinstance(item, Message) or item.role != "user":
            break
        texts.insert(0, item.text)
    return texts


def _utterance(texts: Sequence[str]) -> str:
    """The last message, or all unanswered ones together when the last alone is not understood."""
    if len(texts) < 2 or classify(clean(texts[-1])) is not None:
        return texts[-1] if texts else ""
    return " ".join(texts)


def _speak_results(items: Sequence[Item]) -> str:
    """All results since the last message, in order."""
    since = next((i for i in range(len(items) - 1, -1, -1) if isinstance(items[i], Message)), -1) + 1
    names = {i.call: i.name for i in items if isinstance(i, Call)}
    done = {i.call: i.output for i in items[since:] if isinstance(i, Result)}
    said = [read_out(names.get(call, "tool"), output) for call, output in done.items()]
    waiting = [i for i in items[since:] if isinstance(i, Call) and i.call not in done]
    said += [f"I am still waiting for the {spoken_name(i.name)}." for i in waiting]
    return " ".join(said)


def _to_user(turn: Turn, tools: Sequence[Tool]) -> Answer:
    if normalise(turn.text) in ENGLISH.backchannels and not turn.words:
        return Answer(say(turn, "ack"))
    if is_gibberish(turn.words):
        return Answer(turn.line("reprompt"))
    command = exactly(turn.words)
    answered = _answer_to_tool_question(turn, tools, command)
    if answered is not None:
        return answered
    # The "times" of a sum asks for no clock.
    wish = [w for w in turn.words if w not in ("times", "time")] if work_out(turn.text) else turn.words
    if command not in _COMMANDS_FIRST and (tool := choose_tool(wish, tools)) is not None:
        return _call_several(turn, tool, tools) or _call_or_ask(turn, plan(tool, turn.text))
    intent, text = _from_script(turn)
    if intent not in _ABOUT_THE_ANSWER and not text.endswith("?") and just_interrupted(turn):
        text += " Shall I go on?"
    return Answer(text)


def _from_script(turn: Turn) -> tuple[str, str]:
    """The intent and the words of the answer."""
    for intent, slot in (("sum", work_out(turn.text)), ("name", meet(turn)), ("remember", keep(turn))):
        if slot is not None:
            return intent, slot
    meaning = classify(turn.words)
    if (meaning is None or meaning.score < 1) and (earlier := recall_for(turn)) is not None:
        return "recall", earlier
    if meaning is not None:
        return meaning.intent, say(turn, meaning.intent)
    if half_a_sum(turn.words):
        return "arithmetic", say(turn, "arithmetic")
    if turn.words[:2] == ("do", "not"):
        return "refrain", say(turn, "refrain")
    if len(turn.words) <= 2 and not content(turn.words):
        return "reprompt", say(turn, "reprompt")
    asked = _ASKING.sub("", turn.text.strip())
    if asked != turn.text.strip() or turn.words[0] in _IMPERATIVES:
        return "request", request(
            Turn(asked, clean(asked), turn.before, turn.persona, turn.now, turn.seed, turn.said_at)
        )
    if is_question(turn.words):
        return "question", question(turn)
    return "statement", statement(turn)


def _call_or_ask(turn: Turn, wish: Plan) -> Answer:
    if wish.missing:
        return Answer(ask_for(wish.tool, wish.missing[0]))
    return Answer(calls=(_call(turn, wish, 0),))


def _call(turn: Turn, wish: Plan, n: int) -> ToolCall:
    """The `n`th call of an answer."""
    call = f"call_{len(turn.before) + n}_{turn.dice('call').randrange(16**6):06x}"
    return ToolCall(call, wish.tool.name, wish.json())


def _call_several(turn: Turn, tool: Tool, tools: Sequence[Tool]) -> Answer | None:
    """One call for each part of "the weather in Paris and in London"; None when that is no such sentence."""
    first, *others = _AND.split(turn.text)
    wishes = [plan(tool, first)]
    for part in others:
        wishes.append(plan(choose_tool(clean(part), tools) or tool, part))
    if len(wishes) < 2 or any(wish.missing or not wish.arguments for wish in wishes):
        return None
    return Answer(calls=tuple(_call(turn, wish, n) for n, wish in enumerate(wishes)))


def _answer_to_tool_question(turn: Turn, tools: Sequence[Tool], command: str | None) -> Answer | None:
    """Completes a call whose missing argument we asked for in our last words; None when we did not ask."""
    heard = turn.last_heard.text if turn.last_heard else ""
    pending = open_question(heard, tools)
    if pending is None:
        return None
    tool, parameter = pending
    other = choose_tool(turn.words, tools)
    if other is not None and not (afresh := plan(other, turn.text)).missing:
        return _call_or_ask(turn, afresh)
    if command in ("stop", "no", "bye"):
        return Answer(f"Okay, I leave the {spoken_name(tool.name)}.")
    if command is not None and command not in ("yes", "ack", "maybe"):
        return None
    asked, first = _asked_so_far(turn, tool)
    wish = complete(tool, [*asked, (parameter, turn.text)], first)
    if wish is None:
        return Answer(f"Sorry, I did not get that. {ask_for(tool, parameter)}")
    return _call_or_ask(turn, wish)


def _asked_so_far(turn: Turn, tool: Tool) -> tuple[list[tuple[str, str]], str]:
    """Earlier questions for this call with their answers, oldest first, and the words that began it."""
    asked: list[tuple[str, str]] = []
    messages = [i for i in turn.before if isinstance(i, Message)]
    at = len(messages) - 2
    while at >= 0:
        text = messages[at].text
        before = open_question(messages[at - 1].text, [tool]) if at >= 1 and messages[at - 1].role == "agent" else None
        if before is None:
            return asked, text
        asked.insert(0, (before[1], text))
        at -= 2
    return asked, ""
