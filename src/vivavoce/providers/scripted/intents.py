"""What people say, as data: each intent has the phrases that mean it, and `classify` finds the nearest one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from .understand import alike, clean, content, coverage, is_remark, sound

CONTROL: dict[str, str] = {
    "stop": "stop|stop it|stop talking|be quiet|quiet|shut up|enough|that is enough|never mind|cancel|"
    "no stop|okay stop|stop that",
    "wait": "wait|wait a minute|wait a second|wait a moment|hold on|hang on|one moment|one second|just a moment|"
    "just a second|give me a second|excuse me|pause",
    "continue": "go on|continue|carry on|keep going|keep talking|go ahead|resume|"
    "what happened next|and then|then what|what happened then|go on with the story|go on with it|go on then|"
    "finish the story|where were you|where were we|continue the story|okay go on|yes go on",
    "repeat": "repeat that|say that again|can you repeat that|could you say that again|pardon|sorry what|what|"
    "come again|once more|repeat please|i did not hear you|i did not catch that|i did not understand you|"
    "what did you say|what did you just say|what was that|again|say it again|one more time",
    "slower": "slower|speak slower|speak more slowly|slow down|you are too fast|can you speak slower",
    "faster": "faster|speak faster|speed up|you are too slow|can you speak faster",
    "louder": "louder|speak louder|speak up|i can not hear you|you are too quiet|turn it up|can you speak louder",
    "quieter": "quieter|speak quietly|you are too loud|turn it down|lower your voice|can you speak quieter",
}
"""Short commands; some only count when they are all that was said."""

ANSWERS: dict[str, str] = {
    "yes": "i do|i am|i did|i would|it is|yes it is|"
    "yes|yeah|yep|yup|sure|of course|okay|okay then|all right|alright|certainly|absolutely|"
    "why not|i would like that|i would love to|sounds good|please do|do it|oh yes|yes i would|yes i do|definitely",
    "no": "i did not|i am not|it is not|"
    "no|nope|no thanks|no thank you|not really|not now|i do not think so|rather not|maybe later|no way|"
    "not at all|no i do not|definitely not",
    "maybe": "maybe|perhaps|i do not know|i am not sure|not sure|it depends|possibly",
    "ack": "right|i see|got it|good|great|fine|nice|cool|wow|exactly|that is right|makes sense|interesting|"
    "that is interesting|really|oh|aha|indeed|true|i know|lovely|wonderful",
}
"""What people answer; "yes" and "no" mean something after a question of ours."""

SOCIAL: dict[str, str] = {
    "greet": "hello|hi|hey|hello there|hi there|good morning|good afternoon|good evening|hello how do you do|"
    "greetings|hey there",
    "how_are_you": "how are you|how are you doing|how are you today|how is it going|how do you feel|are you okay|"
    "hello how are you|what is up|how have you been|how are things",
    "feeling_good": "i am fine|i am good|i am very well|i am fine thanks|i am doing well|not bad|pretty good|"
    "i am happy|i am great|i am okay|fine thank you and you",
    "feeling_bad": "i am sad|i am tired|i am bored|i feel bad|i am not well|i am angry|i am lonely|i am sick|"
    "not so good|i had a bad day|i am stressed",
    "pleased": "nice to meet you|pleased to meet you|good to talk to you|nice to hear you",
    "thanks": "thanks|thank you|thank you very much|thanks a lot|many thanks|thank you so much",
    "bye": "good bye|good by|bye|bye bye|see you|see you later|i have to go|good night|talk to you later|that is all|"
    "hang up|end the call|i am done",
    "sorry": "sorry|i am sorry|my apologies|my mistake",
    "praise": "you are good|well done|that was good|you are funny|i like you|good job|that is funny|very good|"
    "you are great|that was great|i love you",
    "blame": "you are stupid|that is wrong|you are wrong|that is not what i said|you do not understand|"
    "you misunderstood me|you did not understand me|you did not hear me|i did not say that|"
    "you are useless|that is not true|you are not listening|"
    "bad answer",
    "why": "why|how come|why is that|why do you ask|what do you mean|why do you want to know",
    "hear_me": "can you hear me|do you hear me|are you there|are you listening|is anybody there|hello are you there|"
    "is this working|testing one two three|do you understand me|this is a test",
}

ABOUT_ME: dict[str, str] = {
    "who": "who are you|what are you|what is your name|introduce yourself|tell me about yourself|who am i talking to|"
    "who is this|what should i call you|do you have a name|who is speaking",
    "human": "are you human|are you a person|are you real|are you a robot|are you a machine|are you a computer|"
    "are you alive|am i talking to a human|can i speak to a human",
    "model": "are you a language model|are you an artificial intelligence|which model are you|how smart are you|"
    "what model is this|are you intelligent|do you use a language model|how do you work|how were you made",
    "connect": "how do i connect a real model|how can i use a language model|how do i set up a model|"
    "how do i get better answers|connect a language model|how do i use ollama|how do i get a smarter model",
    "maker": "who made you|who created you|who built you|who wrote you|where do you come from|who is your boss",
    "age": "how old are you|when were you born|when is your birthday",
    "where": "where are you|where do you live|where are you from",
    "favourite": "what is your favorite color|do you like music|what do you like|do you have a favorite food|"
    "what are your hobbies|do you have friends|do you love me|do you sleep|are you happy|do you dream",
    "help": "what can you do|help|help me|what can i say|what can i ask you|how can you help me|what do you know|"
    "what are you able to do|what should i say|what else can you do|how does this work",
    "languages": "do you speak german|do you speak spanish|do you speak french|what languages do you speak|"
    "can you speak another language|speak french to me",
    "privacy": "are you recording me|do you record this|is this private|what do you do with my data|who is listening|"
    "is this call recorded|do you store what i say",
}

MEMORY: dict[str, str] = {
    "my_name": "what is my name|do you know my name|who am i|do you remember my name|what am i called|say my name",
    "recall": "what did i tell you|what do you remember|what do you know about me|what did i ask you to remember|"
    "do you remember what i told you|what have i told you|do you remember me",
    "my_words": "what did i say|what did i just say|what was my question|repeat what i said|what did you hear|"
    "what did you understand|repeat after me|what did i ask|can you repeat what i said",
    "forget": "forget that|forget everything|forget what i said|forget my name|delete everything",
}

WORLD: dict[str, str] = {
    "time": "what time is it|what is the time|tell me the time|do you know what time it is|how late is it|"
    "have you got the time|can you tell me the time",
    "date": "what is the date|what day is it|what day is it today|what is today|tell me the date|"
    "what is the date today|which day is it|what month is it",
    "year": "what year is it|which year is it|tell me the year",
    "weather": "what is the weather|how is the weather|what is the weather like today|will it rain today|is it cold|"
    "is it going to rain tomorrow|what is the weather in {city}|how warm is it in {city}",
    "news": "what is the news|what is new|tell me the news|what happened today",
}

FUN: dict[str, str] = {
    "joke": "tell me a joke|another joke|do you know a joke|make me laugh|tell me something funny|say something funny|"
    "one more joke|can you tell me a joke|tell me another joke|i want to hear a joke|a joke",
    "story": "tell me a story|tell me a long story|another story|tell me another story|can you tell me a story|"
    "i want to hear a story|a story|tell me something long|talk for a while|just talk|"
    "read me something|a bedtime story",
    "again": "another one|one more|tell me another|another|tell me one more",
    "poem": "tell me a poem|say a poem|do you know a poem|recite a poem|sing a song|sing something|a poem",
    "fact": "tell me something|tell me something interesting|tell me a fact|surprise me|another fact|talk to me|"
    "say something|tell me something about vivavoce|what is vivavoce|"
    "what is viva voce|tell me about viva voce|tell me about vivavoce|how does vivavoce work",
    "turns": "how do you know when i am finished|how does turn taking work|why do you interrupt me|"
    "can i interrupt you|what happens when i interrupt you|do not interrupt me|how do interruptions work|"
    "why did you stop talking",
    "latency": "how fast are you|why are you so slow|what is your latency|how long do you need to answer|"
    "how quickly do you answer|what is latency",
    "coin": "flip a coin|toss a coin|heads or tails|can you flip a coin",
    "dice": "roll a dice|roll a die|roll the dice|throw a dice|give me a random number|pick a number",
    "count": "count to ten|can you count to ten|count to twenty|count from one to five|count backwards from ten|"
    "count down from five|start counting|count for me",
    "arithmetic": "what is seven times eight|how much is nineteen plus four|what is ten minus three|"
    "what is twenty divided by four|calculate six times nine|can you do math|what is two plus two|"
    "what is the square of twelve|what is half of fifty",
    "meaning": "what is the meaning of life|why are we here|what is the answer to everything",
}

INTENTS: dict[str, str] = {**CONTROL, **ANSWERS, **SOCIAL, **ABOUT_ME, **MEMORY, **WORLD, **FUN}
ENOUGH = 0.62
"""Least likeness, 0 to 1, for a phrase to be taken as meant."""
_ENOUGH_WHOLE = 0.8
"""The same for intents of everyday words."""
_UNKNOWN = 2.2
"""Weight of a word that occurs in no phrase, in the units of the inverse document frequencies."""
_SHORTEST_KEY = 6
"""Consonants from which on the sound of a whole phrase tells it from others."""
_ENOUGH_SOUND = 0.85
_LEADING = frozenset("yes yeah no okay oh so and but hey now alright well".split())
_TRAILING = frozenset("now then thanks okay yes".split())
_WHOLE_ONLY = frozenset({"stop", "wait", "continue", "repeat", *ANSWERS})
"""Intents of such everyday words that they must be nearly all that was said."""


@dataclass(frozen=True, slots=True)
class Meaning:
    intent: str
    score: float
    """Likeness of the utterance and the nearest phrase, 0 to 1; 1 when they are equal."""


def _split(phrases: str) -> tuple[tuple[str, ...], ...]:
    return tuple(clean(p.replace("{city}", "")) for p in phrases.split("|"))


_PHRASES = {name: _split(phrases) for name, phrases in INTENTS.items()}
_EXACT = {phrase: name for name, phrases in reversed(_PHRASES.items()) for phrase in phrases}


def _weigh() -> dict[str, float]:
    count = Counter(word for phrases in _PHRASES.values() for word in {w for p in phrases for w in p})
    return {word: math.log(1 + len(_PHRASES) / n) for word, n in count.items()}


_WEIGHTS = _weigh()
_SOUNDS = {"".join(sound(w) for w in phrase): name for phrase, name in _EXACT.items()}


def exactly(words: Sequence[str]) -> str | None:
    """The intent of which these are the very words, if any; "okay, ..." and "... then" may stand around them."""
    whole = tuple(words)
    if whole in _EXACT:
        return _EXACT[whole]
    start, end = 0, len(whole)
    while start < end and whole[start] in _LEADING:
        start += 1
    while end > start and whole[end - 1] in _TRAILING:
        end -= 1
    return _EXACT.get(whole[start:end])


@lru_cache(maxsize=512)
def classify(words: tuple[str, ...]) -> Meaning | None:
    """The intent nearest to what was said; None when none is near enough."""
    exact = exactly(words)
    if exact is not None:
        return Meaning(exact, 1.0)
    if not words or is_remark(words):
        return None
    found = {known: max(alike(known, word) for word in words) for known in _WEIGHTS}
    best = Meaning("", 0.0)
    for intent, phrases in _PHRASES.items():
        for phrase in phrases:
            score = _likeness(words, phrase, found, intent in _WHOLE_ONLY)
            if score > best.score and score >= (_ENOUGH_WHOLE if intent in _WHOLE_ONLY else ENOUGH):
                best = Meaning(intent, score)
    return best if best.intent else _by_sound(words)


def _by_sound(words: Sequence[str]) -> Meaning | None:
    """The phrase that sounds nearly the same as a whole, where words were cut and joined in the wrong places."""
    key = "".join(sound(w) for w in words)
    if len(key) < _SHORTEST_KEY:
        return None
    matcher = SequenceMatcher(None, "", key)
    best = Meaning("", _ENOUGH_SOUND)
    for phrase_key, intent in _SOUNDS.items():
        matcher.set_seq1(phrase_key)
        if matcher.real_quick_ratio() > best.score and matcher.quick_ratio() > best.score:
            best = max(best, Meaning(intent, matcher.ratio()), key=lambda m: m.score)
    return best if best.intent else None


def _likeness(said: Sequence[str], phrase: Sequence[str], found: Mapping[str, float], whole: bool) -> float:
    """How well a phrase explains what was said. Words left over matter less than words missing, unless `whole`.

    `found`: how surely each known word was among those said.
    """
    recall = sum(_WEIGHTS[w] * found[w] for w in phrase) / sum(_WEIGHTS[w] for w in phrase)
    topics = content(phrase)
    if recall < 0.5 or not (whole or not topics or any(found[t] >= 0.7 for t in topics)):
        return 0.0
    precision = coverage(said, phrase, _WEIGHTS, _UNKNOWN)
    lean = 1.0 if whole else 2.5
    return (1 + lean) * precision * recall / (lean * precision + recall)
