"""Arbitrary events in arbitrary order, legal or not, searched for a broken law; and silence, which must bring rest.

SEARCH=2000 python -m pytest tests/core/test_stateful.py      longer, and elsewhere each time
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from laws import Laws

from vivavoce.core.commands import Bind, Call, Generate, Message, Result, Role, Tell, Usage
from vivavoce.core.conversation import Conversation
from vivavoce.core.events import (
    CallEnded,
    CallStarted,
    DigitPressed,
    HangUpAsked,
    HeardReported,
    InputCleared,
    ItemCreated,
    ItemDeleted,
    Played,
    ProviderFailed,
    RemoteReplied,
    RemoteTurn,
    RemoteTurned,
    ReplyAsked,
    ReplyAudio,
    ReplyAudioEnded,
    ReplyText,
    ReplyTextEnded,
    Say,
    Sent,
    StopAsked,
    TextTurn,
    Tick,
    ToolAsked,
    ToolDone,
    ToolSpec,
    TurnCommitted,
    Turns,
    TurnScore,
    Used,
    UserSound,
    UserWords,
    WordEnd,
)
from vivavoce.core.notices import ReplyOpened
from vivavoce.core.policy import BROWSER, Yielding, changed

WINDOW = 512
REST_MS = 180_000
"""From any state, everything has come to rest after so much silence: every engine dead, every retry and apology too."""
TOOLS = (
    ToolSpec("look", read_only=True),
    ToolSpec("book", timeout_ms=4_000),
    ToolSpec("search", read_only=True, on_interrupt="abandon"),
    ToolSpec("pay", on_interrupt="block", timeout_ms=3_000),
)

texts = st.sampled_from(
    [
        "",
        "yeah",
        "uh huh",
        "stop",
        "what time is it",
        "What time is it?",
        "take me to the",
        "tomorrow",
        "i",
        "it is noon",
    ]
)
deltas = st.sampled_from(
    ["It is noon.", " And now", " it rains. Yes, it does", "...", " ", "", "Dr. ", "好的。", "x" * 60]
)
replies = st.integers(0, 12) | st.just(99)
calls = st.sampled_from(["c1", "c2", "c3", "c4", "nobody"])
samples = st.sampled_from([0, 1, 480, 4_800, 24_000, 10**9]) | st.integers(0, 100_000)
flags = st.booleans()


class AnyCall(RuleBasedStateMachine):
    """Time only grows, the call begins once, the audio of a reply comes part by part, and replies are played one
    after the other: nothing else is promised."""

    def __init__(self):
        super().__init__()
        self.now = self.at = 0
        self.known = []
        self.last = None
        self.items = 0

    @initialize(
        turns=st.sampled_from([Turns.LOCAL, Turns.LOCAL, Turns.LOCAL, Turns.MANUAL, Turns.REMOTE]),
        yielding=st.sampled_from([Yielding.AT_ONCE, Yielding.AT_ONCE, Yielding.FINISH_SENTENCE, Yielding.NEVER]),
        speculate=st.sampled_from([True, True, False]),
        on=st.tuples(st.sampled_from([True, True, False]), flags, st.sampled_from([False, False, False, True]), flags),
        greeting=st.sampled_from(["", "Hello there."]),
        more=st.fixed_dictionaries(
            {},
            optional={
                "idle.prompt_after_ms": st.just(3_000),
                "idle.hang_up_after_ms": st.just(3_000),
                "limits.budget": st.just(10.0),
                "limits.call_ms": st.just(20_000),
                "reply.max_queue": st.just(2),
                "reply.apology": st.just(""),
                "reply.max_tool_rounds": st.just(2),
            },
        ),
    )
    def begin(self, turns, yielding, speculate, on, greeting, more):
        stt, score, native, follow = on
        keys = {
            "turns": turns,
            "barge_in.yielding": yielding,
            "reply.speculate": speculate,
            "reply.continue_after_tools": follow,
        }
        self.c = Conversation(changed(BROWSER, {**keys, **more}), {("m", "tokens"): 1.0})
        self.laws = Laws(self.c)
        self.post(CallStarted(TOOLS, greeting, stt, score, native))

    def post(self, event):
        commands = self.c.handle(self.now, event)
        self.laws.step(commands)
        for command in commands:
            if isinstance(command, (Generate, Bind)):
                self.known.append(command.reply)
            elif isinstance(command, Tell) and isinstance(command.notice, ReplyOpened):
                self.known.append(command.notice.reply)
        if not isinstance(event, (Tick, UserSound, CallStarted)):
            self.last = event

    def until(self, end):
        """Time passes, and every deadline gets its tick."""
        while (due := self.c.deadline) is not None and due <= end:
            assert due >= self.now - REST_MS
            self.now = max(self.now, due)
            before = self.c.deadline
            self.post(Tick())
            assert self.c.deadline is None or self.c.deadline > self.now or self.c.deadline != before, "a tick in vain"
        self.now = end

    def one(self, reply):
        """Mostly a reply that exists, the latest more often than not."""
        if self.known and reply < 10:
            return self.known[-1 - min(reply // 3, len(self.known) - 1)]
        return reply

    def ledger(self, reply):
        found = self.c.speaking.replies.get(reply)
        return None if found is None else found.ledger

    # the caller

    @rule(p=st.sampled_from([0.95, 0.95, 0.6, 0.4, 0.02]), windows=st.integers(1, 12), echo=st.sampled_from([0.0, 0.9]))
    def sound(self, p, windows, echo):
        for _ in range(windows):
            self.until(self.now + 32)
            self.post(UserSound(self.at, WINDOW, p, 0 if p > 0.3 else WINDOW, echo))
            self.at += WINDOW

    @rule(windows=st.integers(5, 40))
    def silence(self, windows):
        for _ in range(windows):
            self.until(self.now + 32)
            self.post(UserSound(self.at, WINDOW, 0.02, WINDOW))
            self.at += WINDOW

    @rule(back=st.integers(-2, 30))
    def sound_out_of_place(self, back):
        self.post(UserSound(max(0, self.at - back * WINDOW), WINDOW, 0.9))

    @rule(
        text=texts, final=flags, segment=st.integers(1, 4), back=st.integers(0, 40_000), length=st.integers(-9, 30_000)
    )
    def words(self, text, final, segment, back, length):
        start = max(0, self.at - back)
        self.post(UserWords(segment, text, final, start, max(0, start + length)))

    @rule(text=texts)
    def words_now(self, text):
        self.post(UserWords(self.at // 16_000, text, False, max(0, self.at - 8_000), self.at))

    @rule(ms=st.sampled_from([1, 20, 200, 1_000, 6_000, 31_000]))
    def nothing_arrives(self, ms):
        self.until(self.now + ms)

    # the agent's engines

    @rule(reply=replies, text=deltas, end=flags)
    def reply_text(self, reply, text, end):
        self.post(ReplyText(self.one(reply), text))
        if end:
            self.post(ReplyTextEnded(self.one(reply)))

    @rule(reply=replies)
    def text_ended(self, reply):
        self.post(ReplyTextEnded(self.one(reply)))

    @rule(
        reply=replies,
        part=st.integers(0, 3),
        n=st.integers(0, 60_000),
        exact=flags,
        end=flags,
        lead=st.integers(0, 900),
    )
    def audio(self, reply, part, n, exact, end, lead):
        reply = self.one(reply)
        ledger = self.ledger(reply)
        if ledger is not None and ledger.parts and not (part < len(ledger.parts) and ledger.parts[part].ended):
            part = next((i for i, p in enumerate(ledger.parts) if not p.ended), len(ledger.parts))
        text = ledger.parts[part].text if ledger is not None and part < len(ledger.parts) else ""
        words = (WordEnd(len(text) // 2, n // 2), WordEnd(len(text), n)) if exact and text else ()
        self.post(ReplyAudio(reply, part, n, words, lead))
        if end:
            self.post(ReplyAudioEnded(reply, part))

    @rule(reply=replies, part=st.integers(0, 3))
    def audio_ended(self, reply, part):
        self.post(ReplyAudioEnded(self.one(reply), part))

    @rule(n=st.integers(1, 60_000))
    def synthesiser_works(self, n):
        """Everything that is owed is made."""
        for reply in list(self.c.speaking.replies.values()):
            for part, row in enumerate(list(reply.ledger.parts)):
                if not row.ended and all(p.ended for p in reply.ledger.parts[:part]):
                    self.post(ReplyAudio(reply.id, part, n, (WordEnd(len(row.text), n),)))
                    self.post(ReplyAudioEnded(reply.id, part))

    @rule(reply=replies, n=samples, final=flags)
    def played(self, reply, n, final):
        """The player may say anything, except that it plays one reply before another is over."""
        reply = self.one(reply)
        found = self.c.speaking.replies.get(reply)
        if found is None or found.over or not found.released or found is self.c.speaking.head:
            self.post(Played(reply, n, final))

    @rule(frames=st.integers(1, 200), final=flags)
    def player_works(self, frames, final):
        """What has the floor is heard, and what was cut says where."""
        for reply in list(self.c.speaking.replies.values()):
            if reply.released and not reply.settled and (reply.over or reply is self.c.speaking.head):
                self.post(
                    Played(reply.id, reply.played + frames * 480, final and (reply.over or reply.stop_at is not None))
                )

    @rule(reply=replies, n=st.integers(-10, 100_000))
    def heard_reported(self, reply, n):
        self.post(HeardReported(self.one(reply), n))

    @rule(reply=replies, call=calls, name=st.sampled_from(["look", "book", "search", "pay", "mystery"]), end=flags)
    def tool_asked(self, reply, call, name, end):
        self.post(ToolAsked(self.one(reply), call, name, "{}"))
        if end:
            self.post(ReplyTextEnded(self.one(reply)))

    @rule(call=calls, ok=flags)
    def tool_done(self, call, ok):
        self.post(ToolDone(call, "42", ok))

    @rule(role=st.sampled_from(list(Role)), reply=st.none() | replies, part=st.none() | st.integers(0, 3))
    def failed(self, role, reply, part):
        self.post(ProviderFailed(role, "died", "", None if reply is None else self.one(reply), part))

    @rule(reply=st.none() | replies, n=st.integers(0, 3), model=st.sampled_from(["m", "mystery", "offline:x"]))
    def used(self, reply, n, model):
        before = self.c.context.meter.call.cost
        self.post(Used(Usage(Role.LLM, model, (("tokens", float(n)),)), None if reply is None else self.one(reply)))
        assert self.c.context.meter.call.cost >= before

    @rule(turn=st.integers(0, 9), p=st.floats(0, 1))
    def scored(self, turn, p):
        self.post(TurnScore(turn, p))

    @rule(digit=st.sampled_from("1*A"))
    def pressed(self, digit):
        self.post(DigitPressed(digit, self.at))

    @rule(kind=st.sampled_from(list(RemoteTurn)), back=st.integers(-5_000, 20_000))
    def remote_turned(self, kind, back):
        self.post(RemoteTurned(kind, max(0, self.at - back)))

    @rule()
    def remote_replied(self):
        self.post(RemoteReplied("ref"))

    @precondition(lambda self: self.last is not None)
    @rule()
    def again(self):
        """The last event is delivered twice."""
        self.post(self.last)

    # the application and the client

    @rule(answer=flags)
    def committed(self, answer):
        self.post(TurnCommitted(answer))

    @rule()
    def cleared(self):
        self.post(InputCleared())

    @rule(text=texts, answer=flags)
    def typed(self, text, answer):
        self.post(TextTurn(text, answer))

    @rule()
    def asked(self):
        self.post(ReplyAsked())

    @rule()
    def stop_asked(self):
        self.post(StopAsked())

    @rule(text=deltas, interruptible=flags)
    def say(self, text, interruptible):
        self.post(Say(text, interruptible))

    @rule(kind=st.integers(0, 2), known=flags, after=st.sampled_from([None, "root", "item_1", "nowhere"]), call=calls)
    def item_created(self, kind, known, after, call):
        self.items += 1
        name = f"item_{self.items}" if known else f"mine_{self.items}"
        item = (Message(name, "user", "so"), Call(name, call, "look", "{}"), Result(name, call, "42"))[kind]
        self.post(ItemCreated(item, after))

    @rule(n=st.integers(0, 9))
    def item_deleted(self, n):
        self.post(ItemDeleted(f"item_{n}"))

    @rule(reply=replies)
    def sent(self, reply):
        self.post(Sent(self.one(reply), 480))

    @precondition(lambda self: self.now > 5_000)
    @rule(after_speech=st.sampled_from([True, True, False]))
    def hang_up(self, after_speech):
        self.post(HangUpAsked(after_speech))

    @precondition(lambda self: self.now > 20_000)
    @rule(really=st.sampled_from([False, False, False, True]))
    def call_ends(self, really):
        if really:
            self.post(CallEnded())
            self.laws.at_end()

    # at every moment, and at last

    @invariant()
    def deadlines_lie_ahead(self):
        if hasattr(self, "c") and self.c.deadline is not None:
            assert self.c.deadline <= self.now + REST_MS

    def teardown(self):
        if not hasattr(self, "c"):
            return
        end = self.now + REST_MS
        self.until(end)
        if not self.c.over:
            self.laws.at_rest()
            self.post(CallEnded())
        self.laws.at_end()
        self.post(CallEnded())


EXAMPLES = int(os.environ.get("SEARCH", "0"))
TestAnyCall = AnyCall.TestCase
TestAnyCall.settings = settings(
    max_examples=EXAMPLES or 60,
    stateful_step_count=40,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
