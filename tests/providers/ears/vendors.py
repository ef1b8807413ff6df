"""The listening protocols of the vendors, as their documents and their SDKs describe them."""

from __future__ import annotations

import base64
import json
from typing import Any

from .sound import Heard
from .vendor import Vendor

_PAUSE_S, _END_S = 0.3, 0.6
"""Silence after which a vendor thinks that somebody may have finished, or has."""


class FakeNova(Vendor):
    """Deepgram's `/v1/listen`."""

    path = "/v1/listen"

    class Talk(Vendor.Talk):
        beat = 0.0
        begun = 0.0

        async def heard(self) -> None:
            if self.changed:
                await self.results()
            elif self.new and self.ear.silence_s >= _PAUSE_S:
                await self.results(is_final=True, speech_final=True)
            elif not self.new and self.ear.seconds >= self.beat + 1.0:
                self.beat = self.ear.seconds
                await self.results(is_final=True)

        async def results(self, is_final: bool = False, **more: Any) -> None:
            words = [
                {"word": w.text, "start": w.start, "end": w.end, "confidence": 0.9, "punctuated_word": w.text}
                for w in self.new
            ]
            heard = {"transcript": self.text, "confidence": 0.9, "words": words}
            start = self.begun
            if is_final:
                self.begun = self.ear.seconds
                self.close_segment()
            await self.say(
                type="Results",
                channel_index=[0, 1],
                start=start,
                duration=self.ear.seconds - start,
                is_final=is_final,
                channel={"alternatives": [heard]},
                metadata={"request_id": "r", "model_uuid": "u", "model_info": {}},
                **{"speech_final": False, "from_finalize": False, **more},
            )

        async def take(self, message: dict[str, Any]) -> None:
            if message["type"] == "Finalize" and self.new:
                await self.results(is_final=True, from_finalize=True)
            elif message["type"] == "CloseStream":
                await self.say(type="Metadata", request_id="r", sha256="", created="", duration=1.0, channels=1)
                await self.connection.close(1000)


class FakeFlux(Vendor):
    """Deepgram's `/v2/listen`."""

    path = "/v2/listen"

    class Talk(Vendor.Talk):
        told_at = 0.0
        eager = False

        async def hello(self) -> None:
            await self.say(type="Connected", request_id="r", sequence_id=0)

        async def heard(self) -> None:
            begins, paused = not self.told, self.ear.silence_s
            if self.changed:
                if self.eager:
                    self.eager = False
                    await self.info("TurnResumed", 0.1)
                await self.info("StartOfTurn" if begins else "Update", 0.1)
            elif self.new and paused >= _END_S:
                await self.end("model")
            elif self.new and paused >= _PAUSE_S and not self.eager:
                self.eager = True
                await self.info("EagerEndOfTurn", 0.6)
            elif self.ear.seconds >= self.told_at + 0.24:
                await self.info("Update", 0.4 if self.new else 0.0)

        async def end(self, trigger: str) -> None:
            await self.info("EndOfTurn", 0.85, trigger=trigger)
            self.close_segment()
            self.eager = False

        async def info(self, event: str, confidence: float, **more: Any) -> None:
            self.told_at = self.ear.seconds
            await self.say(
                type="TurnInfo",
                request_id="r",
                sequence_id=1,
                event=event,
                turn_index=self.turn,
                audio_window_start=0.0,
                audio_window_end=self.ear.seconds,
                transcript=self.text,
                words=[{"word": w.text, "confidence": 0.9, "start": w.start, "end": w.end} for w in self.new],
                end_of_turn_confidence=confidence,
                **more,
            )

        async def take(self, message: dict[str, Any]) -> None:
            if message["type"] == "ForceEndTurn" and self.new:
                await self.end("manual")
            elif message["type"] == "CloseStream":
                await self.connection.close(1000)


class FakeUniversal(Vendor):
    """AssemblyAI's `/v3/ws`."""

    path = "/v3/ws"

    class Talk(Vendor.Talk):
        async def hello(self) -> None:
            await self.say(type="Begin", id="b", expires_at=1_900_000_000)

        async def hear(self, pcm: bytes) -> None:
            if not 1_600 <= len(pcm) <= 32_000:
                await self.connection.close(3007)
                return
            await super().hear(pcm)

        async def heard(self) -> None:
            if self.changed:
                await self.tell(False)
            elif self.new and self.ear.silence_s >= _END_S:
                await self.tell(True)

        async def tell(self, over: bool) -> None:
            words, turn = self.new, self.turn
            final = words if over else words[:-1]
            if over:
                self.close_segment()
            await self.say(
                type="Turn",
                turn_order=turn,
                turn_is_formatted=False,
                end_of_turn=over,
                transcript=" ".join(word.text for word in final),
                end_of_turn_confidence=0.8 if over else 0.1,
                words=[self.word(word, word in final) for word in words],
            )

        def word(self, word: Heard, final: bool) -> dict[str, Any]:
            times = {"start": round(word.start * 1000), "end": round(word.end * 1000)}
            return {**times, "text": word.text, "confidence": 0.9, "word_is_final": final}

        async def take(self, message: dict[str, Any]) -> None:
            if message["type"] == "ForceEndpoint" and self.new:
                await self.tell(True)
            elif message["type"] == "Terminate":
                await self.say(type="Termination", audio_duration_seconds=1, session_duration_seconds=1)
                await self.connection.close(1000)


class FakeScribe(Vendor):
    """ElevenLabs' `/v1/speech-to-text/realtime` with manual commits."""

    path = "/v1/speech-to-text/realtime"

    class Talk(Vendor.Talk):
        committed = 0.0

        async def hello(self) -> None:
            await self.say(message_type="session_started", session_id="s", config={})

        async def heard(self) -> None:
            if self.changed:
                await self.say(message_type="partial_transcript", text=self.text)

        async def take(self, message: dict[str, Any]) -> None:
            assert message["message_type"] == "input_audio_chunk"
            if message["commit"]:
                await self.commit()
            else:
                await self.hear(base64.b64decode(message["audio_base_64"], validate=True))

        async def commit(self) -> None:
            if self.ear.seconds < self.committed + 0.3:
                await self.say(message_type="commit_throttled", error="less than 0.3 s")
                return
            self.committed = self.ear.seconds
            text, words = self.text, self.new
            self.close_segment()
            await self.say(message_type="committed_transcript", text=text)
            timed = [part for word in words for part in (self.word(word), self.space(word))][:-1]
            if text:
                await self.say(
                    message_type="committed_transcript_with_timestamps", text=text, language_code="en", words=timed
                )

        def word(self, word: Heard) -> dict[str, Any]:
            return {"text": word.text, "start": word.start, "end": word.end, "type": "word"}

        def space(self, word: Heard) -> dict[str, Any]:
            return {"text": " ", "start": word.end, "end": word.end, "type": "spacing"}


class FakeRealtime(Vendor):
    """OpenAI's `/v1/realtime` in a transcription session without turn detection."""

    path = "/v1/realtime"
    rate = 24_000
    words = "conversation.item.input_audio_transcription."

    class Talk(Vendor.Talk):
        since = 0.0
        configured: dict[str, Any] | None = None

        async def hello(self) -> None:
            await self.event("session.created", session={"type": "transcription", "object": "realtime.session"})

        async def event(self, kind: str, **more: Any) -> None:
            await self.say(type=kind, event_id="e", **more)

        async def error(self, code: str) -> None:
            error = {"type": "invalid_request_error", "code": code, "message": "no", "param": None, "event_id": None}
            await self.event("error", error=error)

        async def take(self, message: dict[str, Any]) -> None:
            match message["type"]:
                case "session.update":
                    heard = message["session"]["audio"]["input"]
                    assert message["session"]["type"] == "transcription"
                    assert heard["format"] == {"type": "audio/pcm", "rate": 24_000}
                    assert heard["turn_detection"] is None
                    self.configured = heard["transcription"]
                    await self.event("session.updated", session=message["session"])
                case "input_audio_buffer.append":
                    await self.hear(base64.b64decode(message["audio"], validate=True))
                case "input_audio_buffer.commit":
                    await self.commit()

        async def commit(self) -> None:
            if self.ear.seconds < self.since + 0.1:
                await self.error("input_audio_buffer_commit_empty")
                return
            seconds, self.since = self.ear.seconds - self.since, self.ear.seconds
            item = {"item_id": f"item_{self.turn}", "content_index": 0}
            words = self.new
            self.close_segment()
            await self.event("input_audio_buffer.committed", item_id=item["item_id"], previous_item_id=None)
            for nth, word in enumerate(words):
                await self.event(FakeRealtime.words + "delta", **item, delta=" " * (nth > 0) + word.text)
            await self.event(
                FakeRealtime.words + "completed",
                **item,
                transcript=" ".join(word.text for word in words),
                usage={"type": "duration", "seconds": seconds},
            )


class FakeInk(Vendor):
    """Cartesia's `/stt/turns/websocket`."""

    path = "/stt/turns/websocket"

    class Talk(Vendor.Talk):
        eager = False

        async def hello(self) -> None:
            await self.event("connected")

        async def event(self, kind: str, **more: Any) -> None:
            await self.say(type=kind, request_id="r", **more)

        async def heard(self) -> None:
            begins, paused = not self.told, self.ear.silence_s
            if self.changed:
                if self.eager:
                    self.eager = False
                    await self.event("turn.resume")
                if begins:
                    await self.event("turn.start")
                await self.event("turn.update", transcript=self.text)
            elif self.new and paused >= _END_S:
                text, self.eager = self.text, False
                self.close_segment()
                await self.event("turn.end", transcript=text)
            elif self.new and paused >= _PAUSE_S and not self.eager:
                self.eager = True
                await self.event("turn.eager_end", transcript=self.text)

        async def take(self, message: dict[str, Any]) -> None:
            assert message == {"type": "close"}, json.dumps(message)
            await self.connection.close(1000)
