"""Scores of recorded calls: their events decided again, or their sound alone, beside a truth that was written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec
import numpy as np

from ...audio.pcm import Pcm
from ...core.commands import Speak, Tell
from ...core.conversation import Conversation
from ...core.errors import BadInput
from ...core.events import ReplyAudio, WordEnd
from ...core.notices import ReplyClosed
from ...core.policy import Policy, Yielding
from ...wire.capture import Capture
from ..played import words_played
from .answers import Answers
from .dialogue import Dialogue, Sound, Voice
from .follow import Follow
from .score import Score

AUDIBLE_DBFS = -50.0
BLOCK_MS = 10
PAUSE_MS = 200
"""Silence within one stretch of the agent's voice, where only its sound is known."""


class Truth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`truth.json`: what the caller's sounds of a recording are."""

    sounds: tuple[Sound, ...]


def read_truth(data: bytes, name: str) -> tuple[Sound, ...]:
    """Raises BadInput naming the file and the field."""
    try:
        sounds = msgspec.json.decode(data, type=Truth).sounds
    except msgspec.MsgspecError as error:
        raise BadInput(f"{name}: {error}; fix: see 'Truth of a recording' in docs/score.md") from None
    for number, sound in enumerate(sounds):
        edges = [edge for span in sound.spans for edge in span]
        if not edges or edges[0] < 0 or any(a >= b for a, b in pairwise(edges)):
            raise BadInput(f"{name}: $.sounds[{number}].spans must be [begin, end] in ms, each after the one before it")
    return sounds


def write_truth(sounds: Iterable[Sound]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(Truth(tuple(sounds))), indent=1) + b"\n"


@dataclass(slots=True)
class _Synthesis:
    """What was synthesised for each reply, part by part."""

    parts: dict[tuple[int, int], tuple[str, int, list[WordEnd]]] = field(default_factory=dict)

    def speak(self, command: Speak) -> None:
        self.parts[command.reply, command.part] = (command.text, 0, [])

    def audio(self, event: ReplyAudio) -> None:
        key = (event.reply, event.part)
        if key in self.parts:
            text, samples, ends = self.parts[key]
            self.parts[key] = (text, samples + event.samples, [*ends, *event.words])

    def heard(self, reply: int, played: int) -> str:
        """The words of a reply whose last sample was played."""
        return words_played((self.parts[key] for key in sorted(self.parts) if key[0] == reply), played)


def decided(capture: Capture, sounds: Sequence[Sound]) -> Score:
    """The scores of a recorded call under the policy it was recorded with."""
    conversation, follow, synthesis = Conversation(capture.header.policy, capture.header.prices), Follow(), _Synthesis()
    for step in capture.steps:
        commands = conversation.handle(step.now, step.event)
        if isinstance(step.event, ReplyAudio):
            synthesis.audio(step.event)
        for command in commands:
            if isinstance(command, Speak):
                synthesis.speak(command)
        follow.step(step.now, step.event, commands)
        for command in commands:
            if isinstance(command, Tell) and isinstance(command.notice, ReplyClosed) and command.notice.exact:
                follow.closed(command.notice, synthesis.heard(command.notice.reply, command.notice.samples))
    yields = capture.header.policy.barge_in.yielding is Yielding.AT_ONCE
    return follow.finish(conversation.context.meter, follow.dialogue(sounds, yields))


def endpoints(capture: Capture, sounds: Sequence[Sound], policy: Policy) -> Answers:
    """Where another policy would have taken the caller's turns for over, on the same events."""
    conversation, follow = Conversation(policy, capture.header.prices), Follow()
    for step in capture.steps:
        follow.step(step.now, step.event, conversation.handle(step.now, step.event))
    return Answers.of(follow.dialogue(sounds))


def heard(agent: Pcm, rate: int, sounds: Sequence[Sound]) -> Score:
    """The scores of a call of which only the sound is known. Every end of the agent's voice is taken for a stop."""
    voices = tuple(Voice(a, b, cut=True) for a, b in stretches(agent, rate))
    score = Score(calls=1, audio_ms=len(agent) * 1_000 // rate)
    score.judge(Dialogue(tuple(sorted(sounds, key=lambda sound: sound.start)), voices))
    return score


def stretches(pcm: Pcm, rate: int) -> list[tuple[int, int]]:
    """Where a voice is audible, ms: blocks of 10 ms above -50 dBFS, with pauses of up to 200 ms between them."""
    size = rate * BLOCK_MS // 1_000
    blocks = pcm[: len(pcm) // size * size].astype(np.float64).reshape(-1, size) / 32_768
    loud = np.flatnonzero(np.sqrt((blocks**2).mean(axis=1)) > 10 ** (AUDIBLE_DBFS / 20)) * BLOCK_MS
    found: list[tuple[int, int]] = []
    for at in loud.tolist():
        if found and at - found[-1][1] <= PAUSE_MS:
            found[-1] = (found[-1][0], at + BLOCK_MS)
        else:
            found.append((at, at + BLOCK_MS))
    return found
