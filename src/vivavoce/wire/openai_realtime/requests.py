"""The client's side of the machine: what each of its events does. A `Refusal` means that nothing was changed."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ...audio.pcm import Pcm
from ...audio.resample import Resampler
from ...core.commands import Message, Result
from ...core.events import (
    HeardReported,
    InputCleared,
    ItemCreated,
    PolicySet,
    ReplyAsked,
    StopAsked,
    TurnCommitted,
)
from ...core.units import OUT_RATE
from . import messages as m
from .audio import MIN_COMMIT_MS, decode, rate_of
from .config import AudioOutput, Session, check_max_tokens, updated, whole
from .effects import Configure, Direct, Hear, Recognise
from .items import Entry, audio_of, checked, referenced, to_core, user_audio, words_of
from .policy import settings
from .refusal import Refusal
from .response import Response
from .state import State
from .tools import check_tools, for_response

_PAD_MS = 64
"""Silence after committed audio."""

if TYPE_CHECKING:
    from .mcp import Mcp


class Requests:
    mcp: Mcp

    def __init__(self, state: State) -> None:
        self._state = state
        self._settings: dict[str, bool | int | float | str] = {}
        self._line: Resampler | None = None

    def begin(self) -> None:
        """The session begins, the first time: the conversation gets its settings."""
        if not self._settings:
            self._apply(self._state.session)
            self.mcp.declared()

    def take(self, event: m.ClientEvent, connection: int = 0) -> None:
        """Raises `Refusal`."""
        match event:
            case m.Append():
                self._append(event)
            case m.SessionUpdate():
                self._update(event)
            case m.Commit():
                self._commit()
            case m.Clear():
                self._state.buffer.clear()
                self._state.act(InputCleared())
                self._state.tell({"type": "input_audio_buffer.cleared"})
            case m.ItemCreate():
                self._create_item(event)
            case m.ItemRetrieve():
                self._retrieve(event)
            case m.ItemDelete():
                self._delete(event)
            case m.ItemTruncate():
                self._truncate(event)
            case m.ResponseCreate():
                self._respond(event)
            case m.ResponseCancel():
                self._cancel(event)
            case m.ClearOutput():
                self._clear_output()
            case m.DuetBegin() | m.DuetUpdate():
                self._state.add(Direct(event, connection))

    def refuse_audio(self, event: m.ClientEvent) -> None:
        """Raises `Refusal` for more audio than can be heard in time."""
        if isinstance(event, m.Append):
            message = "Too much audio waits to be heard; send it more slowly."
            raise Refusal("rate_limit_exceeded", message, "audio", kind="rate_limit_exceeded")

    # the session

    def _update(self, event: m.SessionUpdate) -> None:
        state = self._state
        new = updated(state.session, m.plain(event.session), bool(state.line), state.spoke)
        self.mcp.forget(new)
        self._apply(new)
        state.tell({"type": "session.updated", "session": state.echo()})
        self.mcp.declared()

    def become(self, instructions: str, voice: str) -> None:
        """The session goes on with another agent."""
        session = self._state.session
        output = msgspec.structs.replace(session.audio.output, voice=voice)
        audio = msgspec.structs.replace(session.audio, output=output)
        self._apply(msgspec.structs.replace(session, instructions=instructions, audio=audio))
        self._state.tell({"type": "session.updated", "session": self._state.echo()})

    def _apply(self, session: Session) -> None:
        """Tell the agent, and the conversation what is new to it."""
        state = self._state
        state.session = session
        if not state.plays:
            state.buffer.change(session.audio.input.format)
        state.add(Configure(session, mcp=self.mcp.tools()))
        wanted = settings(session, state.plays)
        if fresh := {key: value for key, value in wanted.items() if self._settings.get(key) != value}:
            state.act(PolicySet(tuple(fresh.items())))
        self._settings = wanted
        state.declare()

    # audio

    def _append(self, event: m.Append) -> None:
        if self._state.plays:
            message = "The caller's audio comes on the audio track of this call, not in events."
            raise Refusal("invalid_event_for_transport", message, "type")
        form = self._state.buffer.form
        data, pcm = decode(event.audio, form)
        self._keep(data)
        if pcm.size:
            self._state.add(Hear(pcm, rate_of(form)))

    def listen(self, pcm: Pcm, rate: int) -> None:
        """Audio of the caller that comes on a line of its own: kept as appended audio is."""
        if self._line is None or self._line.src != rate:
            self._line = Resampler(rate, OUT_RATE)
        self._keep(self._line.push(pcm).astype("<i2", copy=False).tobytes())

    def _keep(self, data: bytes) -> None:
        self._state.buffer.append(data)
        if self._state.session.audio.input.turn_detection is not None and not self._state.turns:
            self._state.buffer.forget_all_but(self._kept_ms())

    def _kept_ms(self) -> int:
        """Audio before a turn that may belong to it."""
        detection = self._state.session.audio.input.turn_detection
        return 5_000 + int(getattr(detection, "prefix_padding_ms", 0))

    def _commit(self) -> None:
        state, buffer = self._state, self._state.buffer
        if buffer.pending_ms < MIN_COMMIT_MS:
            message = (
                "Error committing input audio buffer: buffer too small. Expected at least "
                f"{MIN_COMMIT_MS}ms of audio, but buffer only has {buffer.pending_ms:.2f}ms of audio."
            )
            raise Refusal("input_audio_buffer_commit_empty", message)
        state.items.check_room()
        turn = next(iter(state.turns.values()), None)
        if turn is not None and not turn.committed:
            item, turn.committed = turn.item, True
            if turn.told:
                end = int(buffer.end_ms)
                state.tell({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": end, "item_id": item})
        else:
            item = state.new_id("item")
        if not state.plays:
            # The last sounds come out of filters and windows only when something follows them.
            rate = rate_of(buffer.form)
            state.padded_ms += _PAD_MS
            state.add(Hear(np.zeros(rate * _PAD_MS // 1000, dtype=np.int16), rate))
        audio = buffer.take(buffer.begin_ms, buffer.end_ms)
        state.tell({"type": "input_audio_buffer.committed", "previous_item_id": state.items.last, "item_id": item})
        entry = Entry(item, user_audio(item))
        state.add_own(entry)
        state.items.keep(entry, audio)
        state.recording.add(item)
        state.act(TurnCommitted(answer=False, item=item))

    # items

    def _create_item(self, event: m.ItemCreate) -> None:
        state = self._state
        given = m.plain(event.item)
        item = checked(given, state.new_id("item"))
        if item["type"] == "mcp_approval_response":
            self.mcp.check_approval(item)
        known = to_core(item)
        entry = Entry(item["id"], item, known=known is not None)
        form = state.buffer.form
        sounds = {n: decode(part, form, f"item.content[{n}].audio") for n, part in audio_of(given).items()}
        state.add_item(entry, event.previous_item_id)
        spoken = [n for n, part in enumerate(item.get("content", ())) if part["type"] == "input_audio"]
        entry.sizes = tuple(len(sounds[n][0]) if n in sounds else 0 for n in spoken)
        state.items.keep(entry, b"".join(data for data, _ in sounds.values()))
        after = None if isinstance(known, Result) else state.items.known_before(entry.id)
        unknown = {n: pcm for n, (_, pcm) in sounds.items() if pcm.size and not words_of(item["content"][n])}
        if isinstance(known, Message) and unknown:
            self._recognise(entry, known, unknown, after)
        elif known is not None:
            state.act(ItemCreated(known, after))
        if item["type"] == "mcp_approval_response":
            self.mcp.decided(item)

    def _recognise(self, entry: Entry, message: Message, sounds: dict[int, Pcm], after: str | None) -> None:
        """A message comes to the conversation part by part, with the words of its audio in between."""
        state, rate, texts = self._state, rate_of(self._state.buffer.form), list[str]()

        def come() -> None:
            nonlocal message, after
            if texts:
                state.act(ItemCreated(replace(message, text=" ".join(texts)), after))
                message, after = replace(message, images=()), entry.id
                texts.clear()

        message = replace(message, text="")
        for n, part in enumerate(entry.item["content"]):
            if n in sounds:
                come()
                state.recognising.setdefault(entry.id, deque()).append((entry, n))
                state.add(Recognise(sounds[n], rate, message, after))
                message, after = replace(message, images=()), entry.id
            elif words := words_of(part):
                texts.append(words)
        come()

    def _retrieve(self, event: m.ItemRetrieve) -> None:
        entry = self._state.items.get(event.item_id)
        if entry is None:
            message = f"Error retrieving item: the item with id '{event.item_id[:64]}' does not exist."
            raise Refusal("item_retrieve_invalid_item_id", message, "item_id")
        if event.item_id in self._state.truncating:
            self._state.awaiting[event.item_id] = self._state.awaiting.get(event.item_id, 0) + 1
            return
        self._state.tell({"type": "conversation.item.retrieved", "item": self._state.items.shown(entry)})

    def _delete(self, event: m.ItemDelete) -> None:
        state, entry = self._state, self._state.items.get(event.item_id)
        if entry is None:
            message = f"Error deleting item: the item with id '{event.item_id[:64]}' does not exist."
            raise Refusal("item_delete_invalid_item_id", message, "item_id")
        state.remove(entry)

    def _truncate(self, event: m.ItemTruncate) -> None:
        mark = whole(event.audio_end_ms)
        if not isinstance(mark, int) or mark < 0:
            raise Refusal("invalid_value", "Expected a whole number of ms, from 0 up.", "audio_end_ms")
        state, entry = self._state, self._state.items.get(event.item_id)
        if entry is None:
            message = f"Error truncating item: the item with id '{event.item_id[:64]}' does not exist."
            raise Refusal("item_truncate_invalid_item_id", message, "item_id")
        response = state.by_reply.get(entry.reply) if entry.reply is not None else None
        said = response is not None and response.config.spoken and entry.item["type"] == "message"
        if entry.reply is None or response is None or not said:
            message = "Only model output audio messages can be truncated."
            raise Refusal("unsupported_content_type", message, "item_id")
        if event.content_index != 0:
            raise Refusal("invalid_value", "The message has one part, with the index 0.", "content_index")
        length = -(-response.samples // 24) if response.kept_ms is None else response.kept_ms
        if mark > length:
            message = f"Audio content of {length}ms is already shorter than {mark}ms."
            raise Refusal("invalid_value", message, "audio_end_ms")
        response.kept_ms = mark
        state.truncating.setdefault(entry.id, []).append(mark)
        state.act(HeardReported(entry.reply, mark * 24))

    # responses

    def _respond(self, event: m.ResponseCreate) -> None:
        state = self._state
        if state.session.type == "transcription":
            raise Refusal("invalid_event", "A transcription session makes no responses.", "type")
        options = m.options(event.response)
        aside = options.conversation == "none"
        config = self._config(options)
        given = None if options.input is None else referenced(options.input, state.items, state.fresh_items())
        if state.line and not aside:
            message = (
                f"Conversation already has an active response in progress: {state.line[0].id}. Wait until the "
                "response is finished before creating a new one."
            )
            raise Refusal("conversation_already_has_active_response", message)
        if aside and len(state.asides) >= 16:
            raise Refusal("rate_limit_exceeded", "There are 16 responses beside the conversation already.")
        if not state.limiter.take(state.now):
            message = f"At most {state.limiter.limit} responses a minute."
            raise Refusal("rate_limit_exceeded", message, kind="rate_limit_exceeded")
        conversation = None if aside else state.conversation
        response = Response(state.new_id("resp"), config, conversation, options.metadata, state.tell, state.join)
        if options.tools is not None:
            response.tools = self.mcp.tools_of(config.tools)
        state.add(Configure(config, response.id, self.mcp.tools() if response.tools is None else response.tools))
        state.open(response)
        if response.tools is not None:
            state.declare()
        state.act(ReplyAsked(ref=response.id, items=given, aside=aside, spoken=config.spoken))

    def _config(self, options: m.ResponseOptions) -> Session:
        """The session with what one response overrides. Raises `Refusal`."""
        base = self._state.session
        output = options.audio.output if options.audio is not None else None
        voice, form = base.audio.output.voice, base.audio.output.format
        if output is not None:
            form = output.format or form
            voice = _voice(output.voice) or voice
        modalities = options.output_modalities or base.output_modalities
        if modalities not in (["audio"], ["text"]):
            message = 'Invalid value for \'response.output_modalities\': use ["audio"] or ["text"].'
            raise Refusal("invalid_value", message, "response.output_modalities")
        limit = base.max_output_tokens if options.max_output_tokens is None else options.max_output_tokens
        check_max_tokens(limit, "response.max_output_tokens")
        if isinstance(limit, int) and not 1 <= limit <= 4096:
            raise Refusal("invalid_value", "Use 1 to 4096, or 'inf'.", "response.max_output_tokens")
        choice = options.tool_choice or (base.tool_choice if options.tools is None else "auto")
        tools = base.tools
        if options.tools is not None:
            tools = for_response(options.tools, base.tools, choice)
        else:
            check_tools(tools, choice, "response")
        return msgspec.structs.replace(
            base,
            instructions=base.instructions if options.instructions is None else options.instructions,
            output_modalities=modalities,
            max_output_tokens=limit,
            tools=tools,
            tool_choice=choice,
            audio=msgspec.structs.replace(base.audio, output=AudioOutput(form, voice, base.audio.output.speed)),
        )

    def _cancel(self, event: m.ResponseCancel) -> None:
        state = self._state
        running = [*state.line, *state.asides] if event.response_id else state.line[:1]
        found = next((r for r in running if event.response_id in (None, r.id)), None)
        if found is None:
            message = "Cancellation failed: no active response found"
            raise Refusal("response_cancel_not_active", message, "response_id" if event.response_id else None)
        found.end("cancelled", "client_cancelled")
        state.act(StopAsked(found.reply or 0, found.id))
        state.over(found)

    def _clear_output(self) -> None:
        """Stop what is being played, and what waits to be."""
        state = self._state
        if not state.plays:
            message = "This connection has no output audio buffer: a client over WebSocket plays by itself."
            raise Refusal("invalid_event", message, "type")
        for reply, response in list(state.unheard.items()):
            if not response.ending:
                response.end("cancelled", "client_cancelled")
                state.over(response)
            state.act(StopAsked(reply))


def _voice(voice: str | dict[str, Any] | None) -> str | None:
    if isinstance(voice, dict):
        name = voice.get("id")
        if not isinstance(name, str):
            raise Refusal("invalid_value", "A custom voice is {'id': ...}.", "response.audio.output.voice")
        return name
    return voice
