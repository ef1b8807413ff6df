"""The few words that decide about turns, as data, and pure functions over them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_NOT_WORD = re.compile(r"[^\w' ]+", re.UNICODE)
_FINISHED = re.compile(r"[.!?…。！？][\"')\]]*$")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Normalised words and phrases of one language."""

    backchannels: frozenset[str]
    """Said while listening; they claim no turn."""
    fillers: frozenset[str]
    """Hesitations; they mean neither yes nor no."""
    stops: frozenset[str]
    """Phrases that ask for the floor at once."""
    trailing: frozenset[str]
    """Last words after which more is coming."""
    corrections: frozenset[str] = frozenset()
    """Phrases after which something is said anew."""
    closings: frozenset[str] = frozenset()
    """Phrases that close a turn."""
    replies: frozenset[str] = frozenset()
    """First words of an answer to a question of yes or no."""
    questions: frozenset[str] = frozenset()
    """First words of a question."""
    auxiliaries: frozenset[str] = frozenset()
    """... and of one that asks for yes or no."""
    subordinating: frozenset[str] = frozenset()
    """First words of a clause that leads to another."""
    joining: frozenset[str] = frozenset()
    """Words between two clauses."""
    digits: frozenset[str] = frozenset()
    """Words of which numbers are dictated."""
    dictated: frozenset[str] = frozenset()
    """What a question for a number, or for something spelled, is about."""


_PRAISE = (
    "nice|cool|great|good|true|right|correct|perfect|fine|lovely|wonderful|interesting|amazing|awesome|brilliant|"
    "fantastic|excellent|fair|funny|terrific|splendid|super|neat|sweet|impressive|incredible|helpful|clear|exciting|"
    "useful|sad|crazy|wild|fascinating|terrible|awful|beautiful|marvellous|marvelous|delightful|magnificent|superb|"
    "gorgeous|adorable|cute|clever|smart|wise|hilarious|weird|strange|odd|tough|rough|harsh|horrible|dreadful|scary|"
    "annoying|unfortunate|unbelievable|remarkable|extraordinary|surprising|convenient|reasonable|sensible|plausible|"
    "understandable|encouraging|reassuring|tragic|tempting|delicious|thrilling|stunning|outstanding|handy|kind|"
    "generous|grand|smashing|wicked|ridiculous|insane|bizarre|curious|disappointing|heartbreaking|lucky"
).split("|")
_JUDGING = (
    "that's|that is|it's|sounds|that sounds|how|very|so|really|quite|pretty|that's so|that's very|that's really|"
    "that's quite|that's pretty|sounds very|sounds really|how very|oh how|oh that's|just|absolutely|simply"
).split("|")
"""Before what is praised, or pitied: "that sounds lovely"."""

ENGLISH = Lexicon(
    backchannels=frozenset(_PRAISE)
    | {f"{judging} {praise}" for judging in _JUDGING for praise in _PRAISE}
    | set(
        (
            "yeah|yep|yes|yup|ya|ok|okay|sure|mhm|mm|hmm|hm|aha|ah|oh|ooh|uh|wow|whoa|exactly|really|indeed|alright|"
            "absolutely|definitely|certainly|totally|completely|precisely|naturally|obviously|clearly|agreed|noted|huh|"
            "gosh|goodness|my goodness|oh my god|oh boy|dear me|understood|gotcha|seriously|roger|copy that|"
            "uh huh|mm hmm|mm hm|i see|got it|i got it|got you|i got you|i get it|i get that|i get you|i hear you|"
            "i follow|i'm with you|with you|i'm listening|go on|go ahead|carry on|keep going|please continue|do go on|"
            "please go on|i know|i know what you mean|i see what you mean|i understand|of course|makes sense|"
            "that makes sense|that works|works for me|that helps|all right|all good|fair enough|fair point|good point|"
            "for sure|sure thing|you bet|no way|no kidding|no doubt|no worries|you don't say|oh no|oh dear|oh my|"
            "good to know|good to hear|glad to hear it|nice one|well done|what a shame|that's a shame|i bet|"
            "i suppose|i suppose so|i guess|i guess so|i think so|i thought so|i agree|no problem|tell me more|"
            "is that so|same here|me too|very well|okay then|right then|oh well|thanks|thank you|not bad|as expected|"
            "mmm|hmmm|mmhm|mhmm|ahh|ohh|aw|aww|whew|phew|gee|geez|jeez|golly|blimey|crikey|yikes|ouch|yay|hooray|"
            "hurray|bravo|bingo|cheers|congrats|congratulations|amen|ha|haha|heh|heavens|good heavens|good lord|"
            "good grief|good gracious|my word|my god|oh man|oh dear me|holy cow|dear oh dear|well well|surely|"
            "honestly|literally|undoubtedly|evidently|apparently|affirmative|righto|okey dokey|quite so|just so|"
            "hear hear|true enough|sure enough|right enough|right you are|you're right|you are right|how so|"
            "right on|loud and clear|say no more|point taken|message received|duly noted|good for you|lucky you|"
            "poor you|poor thing|bless you|love it|i love it|i love that|i like it|i like that|i can imagine|"
            "i can see that|i imagine|i believe so|i believe it|i believe you|i'd say so|i'm sure|i reckon|"
            "i reckon so|i hope so|i see that|i see now|now i see|now i get it|now i understand|i noticed|"
            "as you say|so i see|so i hear|so i've heard|so they say|so it seems|it seems so|"
            "what a pity|what a relief|what a surprise|what a story|that's life|that's a pity|that's a relief|"
            "that's a good point|that's a good idea|good idea|great idea|nice work|good job|great job|good work|"
            "way to go|good thinking|good news|great news|good stuff|fancy that|imagine that|there you go|"
            "there we go|there you are|no surprise|no surprises|no wonder|not surprised|not surprising|"
            "fine by me|fine with me|suits me|that suits me|happy with that|i'll bet|you're kidding|"
            "as always|as usual|likewise|same thing|same old|yes please|yes of course|yes indeed|understood perfectly|"
            "i'm all ears|i'm following|following you|following|listening|still here|still listening|i'm here|"
            "i'm still here"
        ).split("|")
    ),
    fillers=frozenset("um uh er erm hmm hm mm ah eh huh".split()),
    stops=frozenset(
        "stop|wait|hold on|hang on|no|shut up|be quiet|quiet|excuse me|pause|enough|never mind|cancel|"
        "one moment|one second|just a moment".split("|")
    ),
    trailing=frozenset(
        (
            "and but or so because if when while although though since unless that which who whose where then than as "
            "the a an my your his her its our their this these some any to of in on at for from with without by about "
            "into i'm it's is are was were am be can could would should will i we he she they um uh er erm like well "
            "also plus between i'd i'll want need never very maybe perhaps let's what's there's that's you're we're "
            "they're every whether until during toward towards via versus against among named"
        ).split()
    ),
    corrections=frozenset("i mean|or rather|no wait|wait no|sorry no|no sorry|actually no|sorry actually".split("|")),
    closings=frozenset(
        "please|thanks|thank you|thank you very much|that's all|that's it|that is all|goodbye|bye|bye bye|"
        "never mind|for now|if possible|right now|right away|you know what i mean|very well|as well|"
        "hold on|hang on|come on|go on|carry on|come on then|okay then|right then|like this|like that".split("|")
    ),
    replies=frozenset(
        "yes yeah yep yup no nope nah sure okay ok correct right exactly absolutely definitely certainly".split()
    ),
    questions=frozenset("what what's where where's when when's who who's whose why how how's which".split()),
    auxiliaries=frozenset(
        "is are was were am do does did can could will would shall should may might have has had isn't aren't don't "
        "doesn't didn't can't couldn't won't wouldn't haven't hasn't".split()
    ),
    subordinating=frozenset("if when before after because although though while since unless once either as".split()),
    joining=frozenset("and but so because then or".split()),
    digits=frozenset(
        "zero oh nought one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred double "
        "triple dash slash underscore hyphen".split()
    ),
    dictated=frozenset(
        "number numbers digits phone telephone code pin card account postcode zip spell spelled spelling email address "
        "birth password reference iban".split()
    ),
)


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """Lower case, no punctuation, single spaces: two texts that sound alike become equal."""
    return " ".join(_NOT_WORD.sub(" ", text.lower().replace("’", "'").replace("-", " ")).split())


@lru_cache(maxsize=4096)
def content_words(lexicon: Lexicon, text: str) -> int:
    """How many words of a normalised text are neither backchannel nor filler."""
    return len(_content(lexicon, text))


@lru_cache(maxsize=4096)
def _content(lexicon: Lexicon, text: str) -> tuple[str, ...]:
    found: list[str] = []
    words, at = text.split(), 0
    while at < len(words):
        sizes = range(min(_longest(lexicon), len(words) - at), 1, -1)
        size = next((n for n in sizes if " ".join(words[at : at + n]) in lexicon.backchannels), 1)
        if size == 1 and words[at] not in lexicon.backchannels and words[at] not in lexicon.fillers:
            found.append(words[at])
        at += size
    return tuple(found)


@lru_cache(maxsize=16)
def _longest(lexicon: Lexicon) -> int:
    return max((len(phrase.split()) for phrase in lexicon.backchannels), default=0)


@lru_cache(maxsize=4096)
def may_become_backchannel(lexicon: Lexicon, text: str) -> bool:
    """Does the normalised text end on the beginning of a longer backchannel, as "i" of "i see", and mean nothing
    else?"""
    words = [w for w in text.split() if w not in lexicon.fillers]
    for n in range(len(words)):
        if " ".join(words[n:]) in _beginnings(lexicon):
            return not content_words(lexicon, " ".join(words[:n]))
    return False


@lru_cache(maxsize=16)
def _beginnings(lexicon: Lexicon) -> frozenset[str]:
    """All that a longer backchannel begins with."""
    phrases = [phrase.split() for phrase in lexicon.backchannels]
    return frozenset(" ".join(words[:n]) for words in phrases for n in range(1, len(words)))


@lru_cache(maxsize=4096)
def asks_to_stop(lexicon: Lexicon, text: str) -> bool:
    """Does the normalised text, but for hesitations and backchannels, begin by claiming the floor?"""
    head = " ".join(_content(lexicon, text)[:4]) + " "
    return any(head.startswith(stop + " ") for stop in lexicon.stops)


@lru_cache(maxsize=4096)
def trails_off(lexicon: Lexicon, text: str) -> bool:
    """Does the normalised text end on words after which more is coming?"""
    return any(ends_with(text, ends) for ends in (lexicon.trailing, lexicon.fillers, lexicon.corrections))


def ends_with(text: str, phrases: frozenset[str]) -> bool:
    """Does the normalised text end with one of these, of up to five words?"""
    words = text.split()[-5:]
    return any(" ".join(words[n:]) in phrases for n in range(len(words)))


def looks_finished(text: str) -> bool:
    """Does the text as written end a sentence?"""
    return bool(_FINISHED.search(text.rstrip())) and not text.rstrip().endswith("...")


@lru_cache(maxsize=1024)
def overlap(words: str, said: str) -> float:
    """Share of the words of one normalised text that occur in another; 0.0 for fewer than three words."""
    mine = words.split()
    if len(mine) < 3:
        return 0.0
    theirs = set(said.split())
    return sum(1 for w in mine if w in theirs) / len(mine)


@lru_cache(maxsize=1024)
def besides(words: str, said: str) -> str:
    """The words of one normalised text that do not occur in another."""
    theirs = set(said.split())
    return " ".join(w for w in words.split() if w not in theirs)
