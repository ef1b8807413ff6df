"""The embedded minds of a duet: a script, not a language model. They pick words and sentences out of the topic and of
what the other just said, and turn them over in set phrases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count

from ...core.commands import Message, Role, Usage
from ...providers.base import Ask, LlmOutput, TextDelta

_WORD = re.compile(r"[A-Za-z][A-Za-z'-]{3,}")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_DULL = frozenset(
    (
        "about after again against also although always another because been before being better between both bring "
        "cannot chance claim come comes could courage does doing done each even ever every from further good grant "
        "have having here imagine itself just less like lovely made make many matter maybe more most much must never "
        "nothing notice only other over perhaps plans point question quite rather really right said same say says "
        "seem sentence settled should since some something sounds speak still such suppose sure take talk tell than "
        "that their them then there these they thing think this those though through time told topic true under until "
        "upon very want well were what when where whether which while will with without word words worth would your "
        "yours "
    ).split()
)
HOPEFUL = (
    "What I love about the matter of {a} is what it does for {b}. {quote} That alone makes me hopeful.",
    "You bring up {echo}, and I see a chance in that. With a little courage, {a} can bring people together.",
    "Imagine {a} ten years from now. Our children will laugh that we ever worried about {b}.",
    "I grant you the point about {echo}. And yet every morning somebody proves that the thing with {a} can work.",
    "{quote} Now imagine the same with better {b}. Does it not make you smile?",
    "Even {echo} began as an odd idea. Let us give {a} the same patience.",
)
DOUBTFUL = (
    "Lovely words. But when it comes to {a}, there is a price, and somebody else pays it. {quote} Who checks that?",
    "You speak of {echo} as if all were settled. I have seen plans for {a} fail before breakfast.",
    "Suppose you are right about {b}. Then why does all that talk of {a} still disappoint everybody who tries it?",
    "{quote} That is a claim, not a reason. Show me one plan for {a} that survived contact with Monday.",
    "I notice that {echo} came up and the cost of {b} did not. How convenient.",
    "Hope is cheap, and {a} will not be. Let us count what {b} would take before we cheer.",
)
GUEST = "A voice from the audience! It speaks of {echo}, and I take that as applause for {a}."
GUEST_DOUBT = "We have a guest, who speaks of {echo}. Frankly, that makes more sense than {a}."
FIRST = "So let us talk about {a}. {quote} I say there is more good in {b} than people think."
FIRST_DOUBT = "So we are to talk about {a}. {quote} Allow me to begin with a doubt about {b}."


class DebateLlm:
    """Answers for one side: `hopeful` or not. The same conversation always gets the same answer."""

    model = "offline:debate"

    def __init__(self, hopeful: bool) -> None:
        self._hopeful = hopeful

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        text = self._answer(ask)
        for word in re.findall(r"\S+\s*", text):
            yield TextDelta(word)
        yield Usage(Role.LLM, self.model, (("output_tokens", float(len(text) // 4)),))

    async def close(self) -> None:
        """Nothing to close."""

    def _answer(self, ask: Ask) -> str:
        said = [item for item in ask.items if isinstance(item, Message)]
        # What steers them is what they talk about from then on.
        topics = [n for n, item in enumerate(said) if item.role == "system" or item.id.startswith("topic")]
        about = topics[-1] if topics else 0
        topic, since = (said[about].text, said[about + 1 :]) if said else ("", [])
        mine = sum(item.role == "agent" for item in said)
        last = next((item.text for item in reversed(since) if item.role == "user"), "")
        words = _words(topic)
        phrases = HOPEFUL if self._hopeful else DOUBTFUL
        turn = mine * 2 + (not self._hopeful)
        a, b = (words[(turn + n) % len(words)] if words else "that" for n in (0, 1))
        echo = next((word for word in _words(last) if word not in (a, b)), b)
        if not last:
            form = FIRST if self._hopeful else FIRST_DOUBT
        elif last == last.lower():
            # Nobody of us writes like that: the recogniser heard it.
            form = GUEST if self._hopeful else GUEST_DOUBT
        else:
            form = phrases[mine % len(phrases)]
        quote = _quote(topic, turn) if said and said[about].role == "user" else ""
        return " ".join(form.format(a=a, b=b, echo=echo, quote=quote).split())


def _words(text: str) -> list[str]:
    """The words that a text is about, the most frequent first; each once, whatever its case."""
    found = Counter(word.lower() for word in _WORD.findall(text))
    places = dict(zip((w.lower() for w in reversed(_WORD.findall(text))), count(), strict=False))
    worth = [word for word in found if word not in _DULL and not word.endswith(("ly", "ier", "eter"))]
    return sorted(worth, key=lambda word: (-found[word], -places.get(word, 0)))[:12]


def _quote(topic: str, turn: int) -> str:
    """A sentence of the topic, at most 24 words of it."""
    sentences = [s.strip() for s in _SENTENCE.findall(topic) if len(s.split()) >= 4]
    if not sentences:
        return ""
    chosen = sentences[turn % len(sentences)].split()
    text = " ".join(chosen[:24]).rstrip(",;:.!?")
    return f"{text}."
