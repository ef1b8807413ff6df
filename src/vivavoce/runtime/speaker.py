"""The voice of one reply: its parts are synthesised in order, and each is complete before the next one begins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from copy import copy
from typing import Any

import numpy as np

from ..audio.pcm import AudioError
from ..core.commands import Role, Usage
from ..core.events import ProviderFailed, ReplyAudio, ReplyAudioEnded, Used, WordEnd
from ..core.units import OUT_RATE
from ..providers.base import Post, ProviderError, Speech, Tts
from .playout import Playout
from .speech import PartAudio, Piece
from .spoken import Hygiene, Spoken
from .supervise import Guarded

MAX_PARTS = 512
"""Parts of one reply that may wait."""
_BEFORE = 400
"""Characters of what was said before that a synthesiser is told."""
_PAUSE = OUT_RATE // 50
"""Samples of silence that stand for words nobody speaks, such as those of a program."""
Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class Speaker:
    """Synthesises the parts of one reply. A part that failed holds up the later ones until it is tried again.

    When a part begins to sound, the next one is asked for ahead of time; it then waits with its first audio in hand.
    """

    def __init__(
        self,
        reply: int,
        ttss: Sequence[Tts],
        voice: str,
        speed: float,
        playout: Playout,
        post: Post,
        spawn: Spawn,
        hygiene: Hygiene | None = None,
    ) -> None:
        """`voice` is one of the first synthesiser; the others, where they do not know it, use their first. `hygiene`
        says what to speak for what is written; None for exactly that."""
        self._reply = reply
        self._ttss = ttss
        self._voice = voice
        self._speed = speed
        self._playout = playout
        self._post = post
        self._spawn = spawn
        self.spoke = False
        """Some of it was written to the playout."""
        self._hygiene = hygiene
        self._before: dict[int, Hygiene | None] = {}
        """What it knew before each part, for a part that is asked for again."""
        self._waiting: dict[int, tuple[Spoken, int]] = {}
        """Parts that have not ended: their words, and how often they were asked for before."""
        self._texts: dict[int, str] = {}
        """All parts as they are spoken, those that have ended too."""
        self._makers: dict[int, Tts] = {}
        """Who makes each part."""
        self._attempts: dict[int, asyncio.Task[None]] = {}
        """Syntheses under way: of the part whose turn it is, and of the next."""
        self._part = 0
        """The part whose turn it is."""
        self._begun = False
        """It has audio."""
        self._failed = False
        """It failed, and nobody has asked for it again."""
        self._made = False
        """It has all its audio, and the core is about to hear of it; it may want it made again."""
        self._turned: asyncio.Future[None] | None = None
        """What a synthesis ahead of its turn waits for."""
        self._ended = False

    def speak(self, part: int, text: str, attempt: int = 0, engine: int = 0) -> None:
        """Synthesise a part after those before it, by the synthesiser `engine`. Replaces what was asked for from that
        part on: the part in hand is started anew. Parts that have ended are left alone."""
        if self._ended or part < self._part:
            return
        if len(self._waiting) >= MAX_PARTS:
            self._fail(ProviderError("overflow", f"{MAX_PARTS} parts of the reply wait for the synthesiser"), part)
            return
        self._stop_from(part)
        self._waiting = {n: waiting for n, waiting in self._waiting.items() if n < part}
        spoken = self._say(part, text)
        self._waiting[part] = (spoken, attempt)
        self._makers[part] = self._ttss[min(engine, len(self._ttss) - 1)]
        self._texts = {n: said for n, said in self._texts.items() if n < part} | {part: spoken.text}
        if part == self._part:
            self._begun = self._failed = self._made = False
        self._go_on()

    def ended(self, part: int) -> None:
        """The core has dealt with the end of this part. Unless it asked for the part again, the next one follows."""
        if not self._made or part != self._part:
            return
        del self._waiting[part]
        self._part += 1
        self._begun = self._made = False
        if self._turned is not None and not self._turned.done():
            self._turned.set_result(None)
        self._go_on()

    def end(self) -> None:
        """Say no more. Nothing is written or posted after this."""
        self._ended = True
        self._made = False
        self._waiting.clear()
        self._stop_from(0)

    def _say(self, part: int, text: str) -> Spoken:
        """What is spoken for a part: the same again when it is asked for again."""
        before = self._before.get(part, self._hygiene)
        self._before = {n: known for n, known in self._before.items() if n < part} | {part: before}
        self._hygiene = copy(before)
        return Spoken.plain(text) if self._hygiene is None else self._hygiene.say(text)

    def _stop_from(self, part: int) -> None:
        for n in [n for n in self._attempts if n >= part]:
            self._attempts.pop(n).cancel()

    def _go_on(self) -> None:
        if not self._failed and not self._made:
            self._start(self._part)
        if self._begun or self._made:
            self._start(self._part + 1)

    def _start(self, part: int) -> None:
        if part in self._waiting and part not in self._attempts:
            name = f"synthesis of part {part} of reply {self._reply}"
            self._attempts[part] = self._spawn(self._synthesise(part, *self._waiting[part]), name)

    async def _turn(self, part: int) -> None:
        """Wait until it is this part's turn."""
        while part != self._part:
            self._turned = asyncio.get_running_loop().create_future()
            await self._turned

    async def _synthesise(self, part: int, spoken: Spoken, attempt: int) -> None:
        failure: ProviderError | None = None
        try:
            if any(map(str.isalnum, spoken.text)):
                await self._stream(part, spoken, attempt)
            elif any(map(str.isalnum, spoken.source)):
                await self._pause(part, spoken, attempt)
        except ProviderError as error:
            failure = error
        if not self._mine(part):
            return
        await self._turn(part)
        del self._attempts[part]
        if failure is not None:
            self._failed = True
            self._fail(failure, part)
        else:
            self._made = True
            self._post(ReplyAudioEnded(self._reply, part, attempt))

    async def _pause(self, part: int, spoken: Spoken, attempt: int) -> None:
        """Words that are not for speaking have been said after a moment of silence; no synthesiser is needed."""
        await self._turn(part)
        silence = np.zeros(_PAUSE, dtype=np.int16)
        self._write(part, attempt, Piece(silence, (WordEnd(len(spoken.source), _PAUSE),), _PAUSE))

    async def _stream(self, part: int, spoken: Spoken, attempt: int) -> None:
        """Raises `ProviderError`."""
        tts = self._makers[part]
        known = tts is self._ttss[0] or self._voice in tts.voices
        voice = self._voice if known else next(iter(tts.voices), self._voice)
        try:
            audio = PartAudio(tts.rate)
        except AudioError as error:
            raise ProviderError("bad_audio", str(error)) from error
        before = "".join(said for n, said in self._texts.items() if n < part)[-_BEFORE:]
        async with Guarded(lambda: tts.speak(spoken.text, voice, self._speed, before), Speech | Usage) as made:
            async for output in made:
                if not self._mine(part):
                    return
                if isinstance(output, Usage):
                    self._post(Used(output, self._reply))
                else:
                    await self._take(part, spoken, attempt, audio, output)
        if self._mine(part):
            await self._turn(part)
            self._write(part, attempt, audio.flush())

    async def _take(self, part: int, spoken: Spoken, attempt: int, audio: PartAudio, speech: Speech) -> None:
        """Write what came, half a second at a time, and let everything else have its turn in between."""
        await self._turn(part)
        if not isinstance(speech.pcm, np.ndarray):
            raise ProviderError("bad_audio", f"the synthesiser gave {type(speech.pcm).__name__}, not an array of int16")
        step = max(1, self._makers[part].rate // 2)
        words = tuple(WordEnd(spoken.written(w.chars), w.samples) for w in speech.words)
        for at in range(0, max(1, speech.pcm.size), step):
            await self._playout.room(self._reply)
            await asyncio.sleep(0)
            if not self._mine(part):
                return
            self._write(part, attempt, audio.push(Speech(speech.pcm[at : at + step], words)))
            words = ()

    def _write(self, part: int, attempt: int, piece: Piece | None) -> None:
        """To the playout, and then tell how much there is. Raises `ProviderError` when the buffer is full."""
        if piece is None:
            return
        taken = self._playout.write(self._reply, piece.pcm)
        self.spoke = self.spoke or taken > 0
        if taken or not piece.pcm.size:
            self._post(ReplyAudio(self._reply, part, taken, piece.words, piece.lead, attempt))
        if taken < piece.pcm.size:
            raise ProviderError("overflow", "the reply is longer than the playout keeps")
        self._begun = True
        self._go_on()

    def _mine(self, part: int) -> bool:
        """Is the running task still the attempt at this part that counts?"""
        return self._attempts.get(part) is asyncio.current_task()

    def _fail(self, error: ProviderError, part: int) -> None:
        self._post(ProviderFailed(Role.TTS, error.code, error.detail, self._reply, part))
