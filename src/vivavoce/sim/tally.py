"""The scores of one simulated call: what happened in it, beside what its caller and its synthesiser know to be true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.commands import Command
from ..core.events import Event
from ..core.notices import ReplyClosed
from ..core.policy import Yielding
from ..core.units import in_ms
from .people import Utterance
from .score.dialogue import Dialogue, Sound
from .score.follow import Follow
from .score.score import Score

if TYPE_CHECKING:
    from .world import World


@dataclass(slots=True)
class Tally:
    world: World
    follow: Follow = field(default_factory=Follow)
    said: list[Utterance] = field(default_factory=list)

    def step(self, event: Event, commands: Sequence[Command]) -> None:
        self.follow.step(self.world.now, event, commands)

    def closed(self, notice: ReplyClosed, truth_samples: int) -> None:
        if notice.exact and self.world.word_times:
            played = min(notice.samples, truth_samples)
            self.follow.closed(notice, self.world.tts.heard_truth(notice.reply, played))

    def dialogue(self) -> Dialogue:
        yields = self.world.policy.barge_in.yielding is Yielding.AT_ONCE
        return self.follow.dialogue(map(true_sound, self.said), yields)

    def finish(self) -> Score:
        return self.follow.finish(self.world.conversation.context.meter, self.dialogue())


def true_sound(said: Utterance) -> Sound:
    return Sound(said.truth, tuple((in_ms(a), in_ms(b)) for a, b in said.spans), said.text)
