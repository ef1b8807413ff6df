"""Who spent what, and on what nobody heard."""

from __future__ import annotations

from vivavoce.app.duet.costs import LISTENER, Costs
from vivavoce.core.commands import Cancel, Command, Generate, Role, Tell, Usage, Why
from vivavoce.core.conversation import Conversation
from vivavoce.core.events import Tick, Used
from vivavoce.core.notices import Ending, ReplyClosed
from vivavoce.core.policy import BROWSER

PRICES = {("m", "output_tokens"): 0.5, ("v", "characters"): 0.1}


class Call:
    """What costs see of a call."""

    def __init__(self) -> None:
        self.conversation = Conversation(BROWSER, PRICES)
        self.costs = Costs()
        self.costs.opened(self.conversation, "ada")

    def asks(self, reply: int, speaker: str) -> None:
        self.saw(Generate(reply, (), False, Why.DUET, speaker=speaker))

    def saw(self, *commands: Command) -> None:
        self.costs.handled(0, Tick(), commands)

    def uses(self, role: Role, model: str, unit: str, quantity: float, reply: int | None = None) -> None:
        event = Used(Usage(role, model, ((unit, quantity),)), reply)
        self.costs.handled(0, event, self.conversation.handle(0, event))

    def closes(self, reply: int, heard: str) -> None:
        self.saw(Tell(ReplyClosed(reply, Ending.DONE, "All of it.", heard, True, 0), Why.ENDED))


def test_each_side_pays_for_its_hops() -> None:
    call = Call()
    call.asks(1, "ada")
    call.asks(2, "bob")
    call.uses(Role.LLM, "m", "output_tokens", 10, 1)
    call.uses(Role.TTS, "v", "characters", 30, 1)
    call.uses(Role.LLM, "m", "output_tokens", 4, 2)
    call.uses(Role.STT, "offline:ears", "seconds", 9)
    assert call.costs.as_dict() == {
        "sides": {
            "ada": {
                "llm": {"cost": 5.0, "amounts": {"m:output_tokens": 10.0}},
                "tts": {"cost": 3.0, "amounts": {"v:characters": 30.0}},
            },
            "bob": {"llm": {"cost": 2.0, "amounts": {"m:output_tokens": 4.0}}},
            LISTENER: {"stt": {"cost": 0.0, "amounts": {"offline:ears:seconds": 9.0}}},
        },
        "wasted": {"cost": 0.0, "amounts": {}},
        "total": 10.0,
    }


def test_what_was_made_and_never_heard_is_wasted_once_it_is_over() -> None:
    call = Call()
    for reply, speaker in ((1, "ada"), (2, "bob"), (3, "ada")):
        call.asks(reply, speaker)
        call.uses(Role.LLM, "m", "output_tokens", 2, reply)
    assert call.costs.wasted().total == 0.0
    call.closes(1, "All of")
    call.closes(2, "")
    # An early answer that nobody ever knew of.
    call.saw(Cancel(3, Why.REVISED))
    assert call.costs.wasted().total == 2.0
    # One that was cut has been heard in part, which is told after its end.
    call.saw(Cancel(1, Why.VOICE))
    call.closes(1, "All of")
    assert call.costs.wasted().amounts == {"llm:m:output_tokens": 4.0}


def test_without_a_price_the_cost_is_not_known() -> None:
    call = Call()
    call.asks(1, "ada")
    call.uses(Role.LLM, "unknown", "output_tokens", 2, 1)
    assert call.costs.total is None
    assert call.costs.as_dict()["sides"]["ada"]["llm"]["cost"] is None
