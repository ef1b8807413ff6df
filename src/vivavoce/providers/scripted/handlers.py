"""From a meaning to the words of the answer. Each handler is a pure function of the turn."""

from __future__ import annotations

import re
from collections.abc import Callable

from ...core.commands import Message
from .lines import LINES, OFFERS, STORIES
from .memory import NAME_QUESTION, known_facts, known_name, mirror, name_given, quote, recollect, user_texts
from .numbers import say_date, say_number, say_time, say_year
from .resume import interrupted_at, remainder
from .sums import count_aloud, work_out
from .turn import Turn
from .understand import ADJECTIVES, STOP_WORDS, is_question

Handler = Callable[[Turn], str]
_STORY_END = "That was my story."
_SENTENCE = re.compile(r"[^.!?]+[.!?]+")
_BEFORE_TOPIC = frozenset("my our a an the about like love hate enjoy play playing learning".split())
_HOW_ARE_YOU = ("how are you?", "how are you today?", "and you?", "how about you?")


def say(turn: Turn, intent: str) -> str:
    """The answer to an understood intent."""
    handler = HANDLERS.get(intent)
    return handler(turn) if handler else turn.line(intent)


def open_offer(turn: Turn) -> str | None:
    """What a yes would accept now: the meaning of the question the user last heard from us."""
    sentences = _SENTENCE.findall(turn.last_heard.text) if turn.last_heard else []
    return OFFERS.get(sentences[-1].strip()) if sentences else None


def _yes(turn: Turn) -> str:
    offer = open_offer(turn)
    return say(turn, offer) if offer else _how_they_are(turn) or turn.line("yes")


def _ack(turn: Turn) -> str:
    return _how_they_are(turn) or turn.line("ack")


def _how_they_are(turn: Turn) -> str | None:
    """The answer to their answer, if we have just asked how they are."""
    asked = turn.last_heard is not None and turn.last_heard.text.lower().endswith(_HOW_ARE_YOU)
    return turn.line("feeling_good") if asked else None


def _again(turn: Turn) -> str:
    """Another one of what was told last."""
    heard = turn.last_heard.text if turn.last_heard else ""
    if any(story[0][:30] in heard for story in STORIES) or heard.endswith(_STORY_END):
        return _story(turn)
    return say(turn, next((kind for kind in ("fact", "poem") if any(t in heard for t in LINES[kind])), "joke"))


def _repeat(turn: Turn) -> str:
    last = turn.last_heard
    if last is None or not last.text.strip():
        return "I have not said anything yet."
    return f"I said: {_without_repeat(last.text)}"


def _without_repeat(text: str) -> str:
    return text.removeprefix("I said: ")


def _continue(turn: Turn) -> str:
    if not interrupted_at(turn.before):
        return turn.line("ack") if turn.last_heard else "I have not begun yet. Shall I tell you a story?"
    rest = remainder(turn)
    if rest is None:
        return "I have lost my place, sorry. Please ask me again."
    if not rest:
        return "That was all of it, really."
    return turn.choose("continue", ("As I was saying: ", "To go on: ", "So: "), []) + rest


def _who(turn: Turn) -> str:
    persona = turn.persona
    if persona.role:
        return f"I am {_introduction(turn)}, played by a small script. {LINES['connect'][0]}"
    return f"I am {persona.name}, a small scripted responder, not a language model. {LINES['connect'][0]}"


def _introduction(turn: Turn) -> str:
    persona = turn.persona
    if not persona.role:
        return persona.name
    return f"{persona.name}, {persona.role}" if persona.named else persona.role


def _greet(turn: Turn) -> str:
    first = turn.last_heard is None
    if first and (turn.persona.role or not turn.name):
        return f"Hello, I am {_introduction(turn)}. What would you like to talk about?"
    return turn.line("greet")


def meet(turn: Turn) -> str | None:
    """The answer to a user who gives a name; None when the words hold none."""
    name = name_given(turn.text, turn.last_heard.text if turn.last_heard else "")
    if name is None:
        return None
    before = known_name(turn.before)
    if before == name:
        return f"Yes, {name}, I remember."
    return f"All right, {name} it is." if before else f"Nice to meet you, {name}. I will remember that."


def keep(turn: Turn) -> str | None:
    """The answer to a user who wants something remembered; None when there is nothing to remember."""
    facts = known_facts([turn.text])
    return f"I will remember that {mirror(facts[0])}." if facts else None


def _my_name(turn: Turn) -> str:
    return f"Your name is {turn.name}." if turn.name else f"You have not told me your name yet. {NAME_QUESTION}"


def _my_words(turn: Turn) -> str:
    texts = user_texts(turn.before)
    return f"You said: {quote(texts[-1])}." if texts else "You have not said anything before this."


def _recall(turn: Turn) -> str:
    texts = user_texts(turn.before)
    facts = [mirror(f) for f in known_facts(texts)]
    parts = [f"that your name is {turn.name}"] if turn.name else []
    parts += [f"that {fact}" for fact in facts[-4:]]
    if parts:
        return f"You told me {', and '.join(parts)}."
    if texts:
        return f"You asked me to remember nothing so far. The last thing you said was: {quote(texts[-1])}."
    return "You have not told me anything yet."


def _time(turn: Turn) -> str:
    return f"It is {say_time(turn.now)}."


def _date(turn: Turn) -> str:
    return f"Today is {say_date(turn.now.date())}."


def _year(turn: Turn) -> str:
    return f"It is the year {say_year(turn.now.year)}."


def _joke(turn: Turn) -> str:
    joke = turn.fresh("joke", LINES["joke"])
    more = turn.dice("more").random() < 0.4
    return f"{joke} Do you want another one?" if more else joke


def _story(turn: Turn) -> str:
    beginnings = [story[0] for story in STORIES]
    first = turn.fresh("story", beginnings)
    story = STORIES[beginnings.index(first)]
    return f"{' '.join(story)} {_STORY_END}"


def _fact(turn: Turn) -> str:
    return turn.fresh("fact", LINES["fact"])


def _poem(turn: Turn) -> str:
    return turn.fresh("poem", LINES["poem"])


def _coin(turn: Turn) -> str:
    said = turn.line("coin", face=turn.dice("coin").choice(("heads", "tails")))
    return said[0].upper() + said[1:]


def _dice(turn: Turn) -> str:
    return turn.line("dice", number=say_number(turn.dice("die").randint(1, 6)))


def _sum(turn: Turn) -> str:
    return work_out(turn.text) or "I did not get the numbers. Try: what is seven times eight?"


def _feeling_bad(turn: Turn) -> str:
    return turn.line("feeling_bad")


def question(turn: Turn) -> str:
    """The answer to a question that is not in the script: an honest no."""
    return turn.line("unknown_question", words=quote(turn.text))


def recall_for(turn: Turn) -> str | None:
    """What the user said before that answers this question; None when it is no question, or nothing does."""
    earlier = recollect(turn.words, user_texts(turn.before)) if is_question(turn.words) else None
    return f"Earlier you told me: {mirror(earlier)}." if earlier is not None else None


def request(turn: Turn) -> str:
    """The answer to a wish that is not in the script."""
    return turn.line("request", words=quote(turn.text), mirror=mirror(turn.text))


def statement(turn: Turn) -> str:
    """What was said, said back, and an invitation to go on."""
    topic = _topic(turn)
    follow = turn.line("follow_topic", topic=topic) if topic else turn.line("follow")
    said = mirror(turn.text)
    if len(turn.words) <= 2:
        return f"You said {said}. {follow}"
    return turn.line("statement", mirror=said, follow=follow)


def _topic(turn: Turn) -> str:
    """What the statement is about, as "your dog" of "my dog is old"; empty when that is hard to tell, and at times."""
    if turn.dice("topic").random() < 0.3:
        return ""
    words = turn.words
    for i, word in enumerate(words[:-1]):
        noun = words[i + 1]
        if word not in _BEFORE_TOPIC or noun in STOP_WORDS or (noun in ADJECTIVES and i + 2 == len(words)):
            continue
        if noun in ADJECTIVES:
            noun = f"{noun} {words[i + 2]}"
        return f"your {noun}" if word in ("my", "our") else f"that {noun}" if word in ("a", "an", "the") else noun
    return ""


def nudge(turn: Turn) -> str:
    """Something to say when it is not our turn, and nobody else speaks."""
    return turn.line("nudge" if any(isinstance(i, Message) for i in turn.before) else "opening")


HANDLERS: dict[str, Handler] = {
    "yes": _yes, "ack": _ack, "repeat": _repeat, "continue": _continue, "who": _who, "greet": _greet,
    "my_name": _my_name, "my_words": _my_words, "recall": _recall, "time": _time, "date": _date, "year": _year,
    "joke": _joke, "again": _again, "story": _story, "fact": _fact, "poem": _poem, "coin": _coin, "dice": _dice,
    "count": lambda turn: count_aloud(turn.words), "arithmetic": _sum, "feeling_bad": _feeling_bad,
}  # fmt: skip
