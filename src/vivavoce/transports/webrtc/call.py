"""A caller over WebRTC: audio on tracks, the Realtime protocol on a data channel, and we play the agent's voice."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import numpy as np

from ...audio.dtmf import Keys
from ...audio.frame import Frame
from ...audio.pcm import Pcm
from ...core.events import DigitPressed
from ...core.units import IN_RATE
from ...wire.openai_realtime.effects import Configure, Connect, Direct, Hear
from ...wire.openai_realtime.server import Server
from ..base import Post
from ..clients import Clients
from .peer import Channel, Peer

EVENTS = "oai-events"
"""The data channel of the protocol."""
_LAST_WORDS_S = 0.3
_EARLY_FRAMES = 50
"""Frames kept until the call has begun."""


class WebRtc(Clients):
    """The transport of a session with one peer. `answer` first; then `begun`, and the session; `run` to its end."""

    open_air = True

    def __init__(
        self,
        server: Server,
        configure: Callable[[Configure], None],
        connect: Callable[[Connect], None],
        recognise: Callable[[Pcm, int], Coroutine[Any, Any, str]],
        direct: Callable[[Direct], None],
        peer: Peer,
        on_channel: Callable[[Channel], Coroutine[Any, Any, None]],
    ) -> None:
        """`on_channel` talks with a peer over any other data channel until that is closed."""
        super().__init__(server, configure, connect, recognise, direct)
        self._peer = peer
        self._on_channel = on_channel
        self._keys: Keys | None = None
        self._keys_from_s = 0.0
        """Where they are counted from."""
        self._heard_s = 0.0
        self._early: deque[Frame] = deque(maxlen=_EARLY_FRAMES)
        self._arrived = asyncio.Event()
        """There are frames, or the peer is gone."""
        self._here = asyncio.Event()
        """The peer was heard, or opened a channel, or is gone."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._talking: asyncio.Task[None] | None = None
        self._bug: BaseException | None = None

    async def answer(self, offer: str) -> str:
        """The answer to an offer (SDP). Raises `BadOffer`."""
        answer = await self._peer.answer(offer, self._opened)
        self._spawn(self._receive(), "audio")
        return answer

    async def begun(self) -> bool:
        """Wait for the peer; False when it never came."""
        await self._here.wait()
        return not self._gone.is_set()

    def _opened(self, channel: Channel) -> None:
        if channel.label == EVENTS:
            # When it is closed, the call is over.
            self._talking = self._spawn(self.serve(channel), EVENTS)
        else:
            self._spawn(self._on_channel(channel), channel.label[:40])
        self._here.set()

    async def _receive(self) -> None:
        """Take the peer's audio as it comes; what nobody hears yet is forgotten."""
        try:
            async for frame in self._peer.frames():
                self._early.append(frame)
                self._arrived.set()
                self._here.set()
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        super().hang_up()
        self._arrived.set()
        self._here.set()

    # the transport

    def attach(self, post: Post) -> None:
        super().attach(post)
        self.perform(self._server.begin())

    async def frames(self) -> AsyncIterator[Frame]:
        self._spawn(self._act_in_order(), "requests")
        while not self._gone.is_set():
            while self._early and not self._gone.is_set():
                frame = self._early.popleft()
                frame = self._without_keys(frame)
                self._server.listen(frame.pcm, frame.rate)
                yield frame
            self._arrived.clear()
            if not self._gone.is_set():
                await self._arrived.wait()
        if self._bug is not None:
            raise self._bug

    def _without_keys(self, frame: Frame) -> Frame:
        """Keys are told of, whatever way they were sent (libraries play those that come as packets), and silent: some
        detectors take their beginning for speech."""
        assert self._post is not None
        if self._keys is None or self._keys.rate != frame.rate:
            self._keys, self._keys_from_s = Keys(frame.rate), self._heard_s
        self._heard_s += frame.pcm.size / frame.rate
        for key in self._keys.push(frame.pcm):
            self._post(DigitPressed(key.digit, round((self._keys_from_s + key.start / frame.rate) * IN_RATE)))
        return replace(frame, pcm=np.zeros_like(frame.pcm)) if self._keys.sounding else frame

    async def _act_in_order(self) -> None:
        while (effect := await self._next()) is not None:
            assert not isinstance(effect, Hear)
            await self._act(effect)

    def play(self, pcm: Pcm) -> None:
        self._peer.play(pcm)

    async def close(self) -> None:
        await super().close()
        if self._talking is not None:
            # What was said last is still on its way out.
            await asyncio.wait((self._talking,), timeout=_LAST_WORDS_S)
        await self._peer.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=f"webrtc {name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (bug := task.exception()) is not None:
            self._bug = self._bug or bug
            self.hang_up()
