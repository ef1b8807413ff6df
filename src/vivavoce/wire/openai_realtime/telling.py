"""The conversation's side of the machine: what clients are told of its notices and of the agent's voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ...audio.pcm import Pcm
from ...core import notices as n
from ...core.commands import Why
from ...core.events import ItemDeleted, ToolApproved
from ...core.notices import Ending
from ...core.units import IN_RATE, out_ms
from .items import Entry, retell, transcribe, user_audio
from .response import Response, call_entry
from .state import SpokenTurn, State

if TYPE_CHECKING:
    from .mcp import Mcp


class Telling:
    mcp: Mcp

    def __init__(self, state: State) -> None:
        self._state = state

    def take(self, notice: n.Notice, why: Why) -> None:
        match notice:
            case n.UserStarted():
                self._started(notice, why)
            case n.UserTookFloor(turn):
                self._speech_started(turn)
            case n.UserTurned():
                self._turned(notice, why)
            case n.UserDropped(turn):
                self._dropped(turn, notice, why)
            case n.UserPressed(digit):
                self._pressed(digit)
            case n.IdleTimedOut(item, at):
                self._idle(item, at)
            case n.ReplyOpened():
                self._opened(notice)
            case n.ReplyRefused(ref, code, detail):
                self._refused(ref, code, detail)
            case n.ReplyDelta(reply, text):
                self._delta(reply, text)
            case n.ToolStarted():
                self._called(notice)
            case n.ToolSettled():
                self.mcp.settled(notice)
            case n.ReplyMade():
                self._made(notice)
            case n.ReplyAudible(reply):
                self._audible(reply)
            case n.ReplyClosed():
                self._closed(notice)
            case n.ReplyHeard():
                self._heard(notice)
            case _:
                # The floor, partial words, audibility and reports have no event in this protocol.
                return

    # the caller's turns

    def _ms(self, samples: int) -> int:
        """Caller samples as ms of the audio that the client appended."""
        return max(0, samples * 1000 // IN_RATE - self._state.padded_ms)

    def _started(self, notice: n.UserStarted, why: Why) -> None:
        if self._state.session.audio.input.turn_detection is None or why is Why.COMMITTED:
            # Nobody detected it: it is what the client committed.
            return
        self._state.turns[notice.turn] = SpokenTurn(notice.item, self._ms(notice.at), told=False)
        if not notice.over_agent:
            self._speech_started(notice.turn)

    def _speech_started(self, number: int) -> None:
        turn = self._state.turns.get(number)
        if turn is not None and not turn.told and not turn.committed:
            turn.told = True
            event = {"type": "input_audio_buffer.speech_started", "audio_start_ms": turn.start_ms, "item_id": turn.item}
            self._state.tell(event)

    def _speech_stopped(self, item: str, end_ms: int) -> None:
        self._state.tell({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": end_ms, "item_id": item})

    def _turned(self, notice: n.UserTurned, why: Why) -> None:
        state, start, end = self._state, self._ms(notice.start), self._ms(notice.end)
        seconds = max(0, notice.end - notice.start) / IN_RATE
        self._speech_started(notice.turn)
        turn = state.turns.pop(notice.turn, None)
        if turn is not None and not turn.committed:
            self._speech_stopped(turn.item, end)
        if notice.item in state.recording:
            state.recording.remove(notice.item)
        elif turn is not None and state.items.get(notice.item) is None:
            self._commit(notice.item, state.buffer.take(start, end + self._tail_ms()))
        if (entry := state.items.get(notice.item)) is not None:
            self._transcribed(entry, 0, notice.text, seconds, why)

    def _tail_ms(self) -> int:
        """Silence after the last word that stays with the turn."""
        return 200

    def _commit(self, item: str, audio: bytes) -> None:
        state = self._state
        state.tell({"type": "input_audio_buffer.committed", "previous_item_id": state.items.last, "item_id": item})
        entry = Entry(item, user_audio(item))
        state.add_own(entry)
        state.items.keep(entry, audio)

    def recognised(self, item: str, text: str, seconds: float) -> None:
        """The words of the next part of a created item."""
        waiting = self._state.recognising[item]
        entry, index = waiting.popleft()
        if not waiting:
            del self._state.recognising[item]
        if self._state.items.get(item) is entry:
            self._transcribed(entry, index, text, seconds, Why.ASKED)

    def _transcribed(self, entry: Entry, index: int, text: str, seconds: float, why: Why) -> None:
        state = self._state
        transcribe(entry, index, text)
        if state.session.audio.input.transcription is None:
            return
        kind = "conversation.item.input_audio_transcription"
        ids = {"item_id": entry.id, "content_index": index}
        if why is Why.WORDS_LATE and not text:
            error = {"type": "server_error", "code": "transcription_timeout", "param": "audio"}
            error["message"] = "The recogniser did not answer in time."
            state.tell({"type": f"{kind}.failed", **ids, "error": error})
            return
        if text:
            state.tell({"type": f"{kind}.delta", **ids, "delta": text})
        usage = {"type": "duration", "seconds": round(seconds, 3)}
        state.tell({"type": f"{kind}.completed", **ids, "transcript": text, "usage": usage})

    def _dropped(self, number: int, notice: n.UserDropped, why: Why) -> None:
        turn = self._state.turns.pop(number, None)
        if turn is not None and turn.told and not turn.committed and why is not Why.CLEARED:
            self._speech_stopped(turn.item, int(self._state.buffer.end_ms))

    def _pressed(self, digit: str) -> None:
        state = self._state
        # Keys are for callers on a line. A client that sends audio in messages knows its own keys.
        if state.plays:
            at = int(state.epoch + state.now)
            event = {"type": "input_audio_buffer.dtmf_event_received", "event": digit, "received_at": at}
            state.tell(event, named=False)

    def _idle(self, item: str, at: int) -> None:
        end = self._ms(at)
        waited = getattr(self._state.session.audio.input.turn_detection, "idle_timeout_ms", None) or 0
        event: dict[str, Any] = {"type": "input_audio_buffer.timeout_triggered", "item_id": item}
        self._state.tell({**event, "audio_start_ms": max(0, end - waited), "audio_end_ms": end})
        self._commit(item, b"")

    # responses

    def _opened(self, notice: n.ReplyOpened) -> None:
        state = self._state
        response = next((r for r in [*state.line, *state.asides] if notice.ref and r.id == notice.ref), None)
        if response is None:
            if notice.ref:
                # It was cancelled before it began, and has no place in the conversation.
                state.act(ItemDeleted(notice.item))
                return
            # The session may have changed since this answer was begun.
            session = replace(state.session, output_modalities=["audio" if notice.spoken else "text"])
            response = Response(state.new_id("resp"), session, state.conversation, None, state.tell, state.join)
            state.open(response)
        response.reply, response.item = notice.reply, notice.item
        state.by_reply[notice.reply] = response
        if state.plays and notice.spoken and response.conversation is not None:
            state.unheard[notice.reply] = response

    def _refused(self, ref: str, code: str, detail: str) -> None:
        response = next((r for r in [*self._state.line, *self._state.asides] if r.id == ref), None)
        if response is not None:
            error = {"type": "server_error", "code": code, "message": detail}
            response.end("failed", error=error)
            self._state.over(response)

    def _delta(self, reply: int, text: str) -> None:
        response = self._state.by_reply.get(reply)
        if response is not None and text and not response.ending:
            response.do(lambda: response.delta(text))

    def voice(self, reply: int, pcm: Pcm) -> bool:
        """More of the agent's voice; False when its response is over."""
        response = self._state.by_reply.get(reply)
        if response is None or response.ending:
            return False
        kept = pcm if response.active else pcm.copy()
        response.do(lambda: self._sound(response, kept))
        return True

    def _sound(self, response: Response, pcm: Pcm) -> None:
        response.audio(pcm)
        if response.active:
            self._state.settle(response)

    def _called(self, notice: n.ToolStarted) -> None:
        response = self._state.by_reply.get(notice.reply)
        if response is None or response.ending:
            # Its client cancelled it, which the conversation did not know yet: nobody was told of this call.
            self._state.act(ItemDeleted(notice.item))
            return
        if any(tool.name == notice.name for tool in self.mcp.own):
            return
        if notice.runs == "here" and self.mcp.called(response, notice):
            return
        if notice.approval:
            self._state.act(ToolApproved(notice.call, False, "its server is gone"))
        entry = call_entry(notice.item, notice.call, notice.name, notice.arguments or "{}", notice.reply)
        response.do(lambda: response.call(entry, "function_call"))

    def _made(self, notice: n.ReplyMade) -> None:
        response = self._state.by_reply.get(notice.reply)
        if response is None or response.ending:
            return

        def made() -> None:
            response.made, response.samples_due, response.short = True, notice.samples, notice.short
            response.usage = dict(notice.usage)
            if self._state.plays:
                response.samples = notice.samples

        response.do(made)
        self._state.settle(response)

    def _audible(self, reply: int) -> None:
        response = self._state.unheard.get(reply)
        if response is not None:
            response.audible = True
            event = {"type": "output_audio_buffer.started", "response_id": response.id}
            response.do(lambda: self._state.tell(event))

    def _unheard(self, notice: n.ReplyClosed) -> None:
        """Nothing more of it will be played: its words are those that were heard."""
        state, response = self._state, self._state.unheard.pop(notice.reply, None)
        if response is None or not response.audible:
            return
        if notice.ending is Ending.DONE:
            state.tell({"type": "output_audio_buffer.stopped", "response_id": response.id})
            return
        state.tell({"type": "output_audio_buffer.cleared", "response_id": response.id})
        if response.part is not None and state.items.get(response.part.entry.id) is response.part.entry:
            response.kept_ms = out_ms(notice.samples)
            state.truncated(response.part.entry.id, response.kept_ms)

    def _closed(self, notice: n.ReplyClosed) -> None:
        response = self._state.by_reply.get(notice.reply)
        if response is None:
            return
        over = response.ending
        if not over:
            response.do(lambda: _finish(response, notice))
        response.do(lambda: self._unheard(notice))
        if notice.ending is not Ending.DONE or response.cut or response.heard is not None:
            response.do(lambda: self._remember(response, notice.heard))
        if not over:
            self._state.over(response)

    def _remember(self, response: Response, heard: str) -> None:
        """What the model will remember of an answer that was not finished: its words that were sent."""
        if response.part is not None:
            retell(response.part.entry, heard)
        elif heard:
            # Its client cancelled it, which the conversation did not know yet: nobody was told of these words.
            self._state.act(ItemDeleted(response.item))

    def _heard(self, notice: n.ReplyHeard) -> None:
        state, response = self._state, self._state.by_reply.get(notice.reply)
        if response is None or response.part is None:
            return
        entry = response.part.entry
        marks = state.truncating.get(entry.id)
        if not marks:
            return
        mark = marks.pop(0)
        response.heard, response.heard_ms = notice.heard, mark
        state.heard(response)
        state.truncated(entry.id, mark)
        if not marks:
            state.answer_awaiting(entry)


def _finish(response: Response, notice: n.ReplyClosed) -> None:
    if notice.ending is Ending.DONE:
        response.complete()
    elif notice.ending is Ending.CUT:
        response.finish("cancelled", "turn_detected")
    else:
        code, _, detail = notice.failure.partition(": ")
        error = {"type": "server_error", "code": code or "failed", "message": detail or "The engine failed."}
        response.finish("failed", error=error)
