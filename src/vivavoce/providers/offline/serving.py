"""The worker's side of the pipe: read requests, handle them one at a time, answer each.

A reader thread watches stdin, so that a cancellation is seen in the middle of a request and the death of the engine
(end of file) ends this process at once, whatever it is doing.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from .framing import HELLO, NOTHING, Answer, Ask, Deframer, FrameError, pack, raw

T = TypeVar("T")


class Refused(Exception):
    """The request cannot be served; the engine gets `code` and `detail`, the worker lives on."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Job:
    """One request in the works."""

    def __init__(self, ask: Ask, line: Line) -> None:
        self.id = ask.id
        self._line = line

    @property
    def cancelled(self) -> bool:
        """True once nobody waits for the rest of the answer."""
        return self._line.cancelled(self.id)

    def part(self, body: object) -> None:
        """Send a part of the answer now."""
        self._line.send(Answer(self.id, last=False, body=raw(body)))


class Line:
    """The connection to the engine over what were stdin and stdout."""

    def __init__(self) -> None:
        # Nothing else may write into the protocol: prints, also from C libraries, go to stderr.
        self._out = os.dup(1)
        os.dup2(2, 1)
        self.asks: queue.SimpleQueue[Ask] = queue.SimpleQueue()
        self._waiting: set[int] = set()
        self._cancelled: set[int] = set()
        self._lock = threading.Lock()

    def send(self, answer: Answer) -> None:
        """Write one frame; an engine that is gone ends this process."""
        view = memoryview(pack(answer))
        try:
            while view:
                view = view[os.write(self._out, view) :]
        except BrokenPipeError:
            os._exit(0)

    def read(self) -> None:
        """Take in requests until the engine is gone."""
        deframer = Deframer()
        decode = msgspec.msgpack.Decoder(Ask).decode
        while data := os.read(0, 1 << 16):
            try:
                asks = [decode(frame) for frame in deframer.push(data)]
            except (FrameError, msgspec.DecodeError) as error:
                print(f"unreadable request: {error}", file=sys.stderr, flush=True)
                os._exit(2)
            for ask in asks:
                self._take(ask)
        os._exit(0)

    def cancelled(self, id: int) -> bool:
        """Has the engine said that it does not want this answer any more?"""
        return id in self._cancelled

    def done(self, id: int) -> None:
        """That request has got its last answer."""
        with self._lock:
            self._waiting.discard(id)
            self._cancelled.discard(id)

    def _take(self, ask: Ask) -> None:
        if ask.body != NOTHING:
            self._waiting.add(ask.id)
            self.asks.put(ask)
            return
        with self._lock:
            if ask.id in self._waiting:
                self._cancelled.add(ask.id)


def serve(requests: Any, prepare: Callable[[], Callable[[T, Job], object]]) -> None:
    """Run this process as a worker; never returns.

    `requests` is the tagged union of request messages. `prepare` loads what must be warm and gives the handler, which
    gets a request and its `Job`; what it returns is the last part of the answer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = Line()
    threading.Thread(target=line.read, daemon=True, name="reader").start()
    decode: Callable[[msgspec.Raw], T] = msgspec.msgpack.Decoder(requests).decode
    handle = prepare()
    line.send(Answer(HELLO, last=True))
    while True:
        ask = line.asks.get()
        line.send(_answer(ask, line, decode, handle))
        line.done(ask.id)


def _answer(ask: Ask, line: Line, decode: Callable[[msgspec.Raw], T], handle: Callable[[T, Job], object]) -> Answer:
    job = Job(ask, line)
    if job.cancelled:
        return Answer(ask.id, last=True, code="cancelled")
    try:
        return Answer(ask.id, last=True, body=raw(handle(decode(ask.body), job)))
    except Refused as refusal:
        return Answer(ask.id, last=True, code=refusal.code, detail=refusal.detail)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return Answer(ask.id, last=True, code="failed", detail=f"{type(error).__name__}: {error}")
